"""Marginal survival under either of two treatments by g-computation, and what it amounts to.

Each subject's survival is predicted by a Cox model with and without the treatment, and averaged over all subjects
(standardisation; Hernán and Robins, Causal Inference, 2020, chapters 13 and 17). A hazard ratio is not collapsible:
the marginal one is not the coefficient of the model, even without confounding (Daniel, Zhang and Farewell,
Biometrical Journal 2021). It is here the one that Cox regression would give if each subject were followed under both
treatments for as long as the study followed it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from npc.statistics import NotEstimable
from npc.statistics.censoring import censoring
from npc.statistics.cox_resampled import Resampled, resampled_cox

AT_ONCE = 2**18  # numbers held at a time: what stays in the cache is faster
# Ridge of the covariates that are adjusted for, by standard deviation: a rare level without an event, in the study or
# in a sample, keeps a finite coefficient; other coefficients hardly change.
PENALTY = 0.1


@dataclass(frozen=True)
class Effect:
    """Of a treatment, with a normal interval by the bootstrap's standard error.

    Attributes:
        estimate: on the scale that is reported.
        ci: 95% limits.
        p: of the z test that there is no effect, two-sided.
    """

    estimate: float
    ci: tuple[float, float]
    p: float


@dataclass(frozen=True)
class Standardised:
    """Treatment 1 against treatment 0.

    Attributes:
        conditional: log hazard ratio given the covariates, of all subjects and then of each sample, (1 + samples,).
        marginal: log hazard ratio of the population, in the same way.
        means: difference of restricted mean survival times, by month.
    """

    conditional: np.ndarray
    marginal: np.ndarray
    means: dict[float, np.ndarray]


def standardised(
    time: np.ndarray,
    event: np.ndarray,
    treated: np.ndarray,
    covariates: np.ndarray,
    strata: np.ndarray,
    *,
    months: tuple[float, ...],
    draws: int,
    seed: int,
) -> Standardised:
    """Standardises, in all subjects and in bootstrap samples within the strata.

    Args:
        time: to event or censoring, (subjects,).
        event: 1 for an event.
        treated: 0 or 1.
        covariates: to adjust for, (subjects, covariates).
        strata: whose censoring may differ, such as hospitals; samples keep the size of each.
        months: to which means are restricted.
        draws: of the bootstrap.
        seed: of the draws.

    Raises:
        NotEstimable: no event, or the Cox model has no maximum.
    """
    labels = np.unique(strata, return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    weights = np.vstack([np.ones(len(time)), *(np.zeros((draws, len(time))),)])
    for label in range(labels.max() + 1):
        of = np.flatnonzero(labels == label)
        weights[1:, of] = rng.multinomial(len(of), np.full(len(of), 1 / len(of)), size=draws)
    fitted = resampled_cox(time, event, np.column_stack([treated, covariates]), weights, PENALTY)
    if not np.isfinite(fitted.coefficient[0]).all():
        raise NotEstimable("the Cox model has no maximum: a covariate perfectly predicts the order of the events")
    followed = _followed(time, event, labels, fitted.times)
    step = max(AT_ONCE // followed.size, 1)
    parts = [
        _standardise(fitted, weights, covariates, followed, months, slice(first, first + step))
        for first in range(0, 1 + draws, step)
    ]
    return Standardised(
        fitted.coefficient[:, 0],
        np.concatenate([part[0] for part in parts]),
        {until: np.concatenate([part[1][until] for part in parts]) for until in months},
    )


def ratio(logs: np.ndarray) -> Effect:
    """A ratio from its logarithm, of all subjects and of the samples (see `Standardised`)."""
    middle, half, p = _normal(logs)
    return Effect(float(np.exp(middle)), (float(np.exp(middle - half)), float(np.exp(middle + half))), p)


def difference(values: np.ndarray) -> Effect:
    """A difference, in the same way."""
    middle, half, p = _normal(values)
    return Effect(middle, (middle - half, middle + half), p)


def _normal(values: np.ndarray) -> tuple[float, float, float]:
    samples = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]):
        raise NotEstimable("an arm has no patient at risk at the events")
    if len(samples) < 0.9 * (len(values) - 1):
        raise NotEstimable("more than a tenth of the bootstrap samples have no estimate")
    middle, error = float(values[0]), float(samples.std(ddof=1))
    if error == 0:
        raise NotEstimable("the bootstrap samples do not differ")
    return middle, float(norm.ppf(0.975)) * error, float(2 * norm.sf(abs(middle) / error))


def _followed(time: np.ndarray, event: np.ndarray, labels: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Probability that follow-up has not ended just before each event, by stratum, (events, subjects)."""
    followed = np.empty((len(times), len(time)))
    for label in np.unique(labels):
        of = labels == label
        followed[:, of] = censoring(time[of], event[of]).uncensored_before(times)[:, None]
    return followed


def _standardise(
    fitted: Resampled,
    weights: np.ndarray,
    covariates: np.ndarray,
    followed: np.ndarray,
    months: tuple[float, ...],
    part: slice,
) -> tuple[np.ndarray, dict[float, np.ndarray]]:
    """Log marginal hazard ratio and differences of restricted means of some samples."""
    beta, w, jumps = fitted.coefficient[part], weights[part], fitted.jumps[part]
    others = np.exp((covariates - fitted.mean[1:]) @ beta[:, 1:].T).T  # relative hazards, (samples, subjects)
    cumulative = np.cumsum(jumps, axis=1)
    at_once = max(AT_ONCE // others.size, 1)
    at_risk, deaths, curves = [], [], []
    for given in (0, 1):
        relative = others * np.exp((given - fitted.mean[0]) * beta[:, :1])
        last, parts = np.ones_like(relative), []
        for first in range(0, len(followed), at_once):
            events = slice(first, first + at_once)
            survival = np.exp(-cumulative[:, events, None] * relative[:, None, :])  # (samples, events, subjects)
            before = np.concatenate([last[:, None], survival[:, :-1]], axis=1)
            last = survival[:, -1]
            present = before * followed[events] * w[:, None, :]
            died = np.einsum("bes,bs->be", present, relative)
            parts.append((np.einsum("bes,bs->be", survival, w), present.sum(axis=2), died))
        curve, present_by_event, died_by_event = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
        curves.append(curve / w.sum(axis=1, keepdims=True))
        at_risk.append(present_by_event)
        deaths.append(died_by_event * jumps)
    means = {until: _mean(curves[1], fitted.times, until) - _mean(curves[0], fitted.times, until) for until in months}
    return _marginal(at_risk, deaths), means


def _marginal(at_risk: list[np.ndarray], deaths: list[np.ndarray]) -> np.ndarray:
    """Root of the score of a Cox model with the treatment alone, by Newton's method."""
    theta = np.zeros(len(at_risk[0]))
    both = deaths[0] + deaths[1]
    for _ in range(30):
        treated = at_risk[1] * np.exp(theta)[:, None]
        share = treated / (at_risk[0] + treated)
        move = (deaths[1] - share * both).sum(axis=1) / (share * (1 - share) * both).sum(axis=1)
        theta = theta + np.clip(move, -1, 1)
    return theta


def _mean(curve: np.ndarray, times: np.ndarray, until: float) -> np.ndarray:
    """Area under each curve up to a time."""
    edges = np.concatenate([[0.0], np.minimum(times, until), [until]])
    return np.concatenate([np.ones_like(curve[:, :1]), curve], axis=1) @ np.diff(edges)
