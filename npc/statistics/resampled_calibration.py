"""The smoothed calibration curve of many bootstrap samples at once.

Each sample refits the Cox regression of `survival_calibration.smoothed`, knots included. All samples take Newton's
steps together. A patient who is drawn several times would make ties of events, which Breslow's likelihood takes as
weights; on distinct times it is Efron's.
"""

import numpy as np

from npc.statistics import NotEstimable
from npc.statistics.spline import restricted_cubic_spline

CELLS = 2**17  # values of one array at once: what stays in the cache is several times faster
STEPS = 25  # of Newton's method
SHARE = 0.9  # of the samples must have a solution
KNOTS = (0.1, 0.5, 0.9)  # quantiles of the predictions, as Harrell's for three knots


def resampled(
    time: np.ndarray, event: np.ndarray, x: np.ndarray, at: np.ndarray, *, bent: bool, draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Curves and their measures; samples without a solution are left out.

    Args:
        time: none after the horizon, (patients,).
        event: 1 for an event by the horizon, (patients,).
        x: log(-log(1 - p)) of the predicted risks, (patients,).
        at: the same of the risks at which the curves are wanted, (points,).
        bent: whether the curve has the spline's term beside the linear one.
        draws: of the bootstrap.
        seed: of the draws.

    Returns:
        Observed risks, (samples, points); ICI, E50 and E90, (samples, 3).

    Raises:
        NotEstimable: over a tenth of the samples have no solution.
    """
    rng, n = np.random.default_rng(seed), len(time)
    order = np.argsort(time, kind="stable")
    t, d, x = time[order], event[order], x[order]
    at_once = max(CELLS // n, 1)
    parts = [
        _together(t, d, x, at, rng.integers(0, n, (min(at_once, draws - first), n)), bent=bent)
        for first in range(0, draws, at_once)
    ]
    curves, measures = (np.concatenate(part) for part in zip(*parts, strict=True))
    solved = np.isfinite(curves).all(axis=1) & np.isfinite(measures).all(axis=1)
    if solved.mean() < SHARE:
        raise NotEstimable(
            f"{(~solved).sum()} of {draws} bootstrap samples give no curve: there are too few events, or too few "
            "patients are followed so long"
        )
    return curves[solved], measures[solved]


def _together(
    t: np.ndarray, d: np.ndarray, x: np.ndarray, at: np.ndarray, drawn: np.ndarray, *, bent: bool
) -> tuple[np.ndarray, np.ndarray]:
    samples, n = drawn.shape
    weight = np.zeros((samples, n))
    np.add.at(weight, (np.arange(samples)[:, None], drawn), 1)
    every, points = np.broadcast_to(x, weight.shape), np.broadcast_to(at, (samples, len(at)))
    design, curve = [every], [points]
    if bent:
        knots = np.quantile(x[drawn], KNOTS, axis=1).T
        apart = (np.diff(knots) > 1e-8).all(axis=1)
        knots = np.where(apart[:, None], knots, [0.0, 1.0, 2.0])
        design.append(np.where(apart[:, None], restricted_cubic_spline(every, knots)[..., 0], np.nan))
        curve.append(restricted_cubic_spline(points, knots)[..., 0])
    terms, wanted = np.stack(design), np.stack(curve)  # (terms, samples, patients or points)
    middle = (weight * terms).sum(axis=2, keepdims=True) / n
    scale = np.sqrt((weight * (terms - middle) ** 2).sum(axis=2, keepdims=True) / n)
    with np.errstate(all="ignore"):  # a sample without a solution ends as NaN
        beta, relative, at_risk = _fit(t, d, (terms - middle) / scale, weight)
        hazard = (weight * d / at_risk).sum(axis=1, keepdims=True)
        risks = -np.expm1(-hazard * np.exp(np.einsum("ks,ksp->sp", beta, (wanted - middle) / scale)))
        own = np.take_along_axis(-np.expm1(-hazard * relative), drawn, axis=1)
        distance = np.abs(own + np.expm1(-np.exp(x[drawn])))
        measures = np.column_stack([distance.mean(axis=1), *np.quantile(distance, [0.5, 0.9], axis=1)])
    return risks, measures


def _fit(t: np.ndarray, d: np.ndarray, z: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients (terms, samples), relative hazards and the sum of them at risk, both (samples, patients)."""
    terms, samples, _ = z.shape
    first = np.searchsorted(t, t)  # of those with the same time, so that all of them are at risk
    events = weight * d
    beta = np.zeros((terms, samples))

    def sums(of: np.ndarray) -> np.ndarray:
        return np.cumsum(of[:, ::-1], axis=1)[:, ::-1][:, first]

    for _ in range(STEPS):
        relative = np.exp(np.einsum("ks,ksn->sn", beta, z))
        counted = weight * relative
        at_risk = sums(counted)
        at_risk[at_risk == 0] = 1  # no sampled patient is followed so long, and none has an event then
        means = [sums(counted * one) / at_risk for one in z]
        score = np.stack([(events * (one - mean)).sum(axis=1) for one, mean in zip(z, means, strict=True)], axis=1)
        information = np.empty((samples, terms, terms))
        for i in range(terms):
            for j in range(i + 1):
                second = sums(counted * z[i] * z[j]) / at_risk
                information[:, i, j] = information[:, j, i] = (events * (second - means[i] * means[j])).sum(axis=1)
        flat = ~(np.linalg.det(np.nan_to_num(information)) > 1e-9)
        information[flat] = np.eye(terms)
        move = np.where(flat[:, None], np.nan, np.linalg.solve(information, score[..., None])[..., 0])
        beta += np.clip(move, -2, 2).T
        if not (np.abs(move) > 1e-6).any():
            break
    beta[:, (np.abs(move) > 1e-3).any(axis=1)] = np.nan  # it goes to infinity
    return beta, relative, at_risk
