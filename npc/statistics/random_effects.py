"""Random-effects meta-analysis: one figure of several hospitals, and how much it differs between them.

An estimate of hospital i is y_i = mu + u_i + e_i, where u_i has the variance tau2 between hospitals and e_i the known
variance v_i (DerSimonian and Laird, Controlled Clinical Trials 1986).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm, t

from npc.statistics import NotEstimable


@dataclass(frozen=True)
class RandomEffects:
    """The figure of all hospitals together.

    Attributes:
        estimate: mean of the true values.
        standard_error: of the mean.
        ci: 95% limits of the mean.
        p: two-sided, of a mean of 0.
        prediction: 95% limits of the true value of another hospital (t with k - 2 degrees of freedom; Higgins et al., J
            R Stat Soc A 2009), or why there are none.
        tau2: variance of the true values.
        i2: share of the variance of the estimates that is due to tau2 (Higgins and Thompson, Stat Med 2002).
        q: Cochran's, of no difference between the hospitals.
        df: degrees of freedom of `q`.
        q_p: P of `q`, chi-squared.
    """

    estimate: float
    standard_error: float
    ci: tuple[float, float]
    p: float
    prediction: tuple[float, float] | NotEstimable
    tau2: float
    i2: float
    q: float
    df: int
    q_p: float


def random_effects(
    estimates: ArrayLike, variances: ArrayLike, *, method: str = "reml", hartung_knapp: bool = True
) -> RandomEffects:
    """Pools the estimates of hospitals; as R's metafor, `rma(y, v, method=..., test="knha" or "z")`.

    Args:
        estimates: (hospitals,), on a scale on which they are about normal.
        variances: of their errors, (hospitals,).
        method: of tau2: `reml` (restricted maximum likelihood; Viechtbauer, J Educ Behav Stat 2005) or `dl`
            (DerSimonian and Laird).
        hartung_knapp: the standard error and t interval of Hartung and Knapp (Stat Med 2001), which hold with few
            hospitals, as metafor's `test="knha"`: not modified where Q is below its degrees of freedom. Else the
            normal distribution.

    Raises:
        ValueError: shapes differ, a value is not finite, or a variance is not positive.
        NotEstimable: fewer than two hospitals.
    """
    y, v = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    if y.ndim != 1 or y.shape != v.shape or not np.isfinite([y, v]).all() or not (v > 0).all():
        raise ValueError("estimates and variances must be finite, of one shape (hospitals,), and variances positive")
    if (k := len(y)) < 2:
        raise NotEstimable(f"{k} hospital gives no variance between hospitals; two are needed")
    fixed = 1 / v
    q = float(fixed @ (y - fixed @ y / fixed.sum()) ** 2)
    tau2 = {"dl": _dersimonian_laird, "reml": _reml}[method](y, v, q)
    weights = 1 / (v + tau2)
    mean = float(weights @ y / weights.sum())
    variance = 1 / weights.sum()
    if hartung_knapp:
        variance *= weights @ (y - mean) ** 2 / (k - 1)
    error = float(np.sqrt(variance))
    half = (t.ppf(0.975, k - 1) if hartung_knapp else norm.ppf(0.975)) * error
    z = abs(mean) / error if error > 0 else np.inf
    typical = (k - 1) * fixed.sum() / (fixed.sum() ** 2 - (fixed**2).sum())  # Higgins and Thompson, equation 9
    return RandomEffects(
        mean,
        error,
        (float(mean - half), float(mean + half)),
        float(2 * (t.sf(z, k - 1) if hartung_knapp else norm.sf(z))),
        _prediction(mean, error, tau2, k),
        tau2,
        float(tau2 / (tau2 + typical)),
        q,
        k - 1,
        float(chi2.sf(q, k - 1)),
    )


def _prediction(mean: float, error: float, tau2: float, k: int) -> tuple[float, float] | NotEstimable:
    if k < 3:
        return NotEstimable("a prediction interval needs three hospitals")
    half = t.ppf(0.975, k - 2) * np.sqrt(tau2 + error**2)
    return float(mean - half), float(mean + half)


def _dersimonian_laird(y: np.ndarray, v: np.ndarray, q: float) -> float:
    """The moment estimator, 0 where `q` is below its expectation."""
    w = 1 / v
    return float(max(0.0, (q - (len(y) - 1)) / (w.sum() - (w**2).sum() / w.sum())))


def _reml(y: np.ndarray, v: np.ndarray, q: float) -> float:
    """The maximum of the restricted likelihood by Fisher scoring; steps that leave [0, inf) are halved.

    Raises:
        NotEstimable: it does not converge.
    """
    tau2 = _dersimonian_laird(y, v, q)
    for _ in range(1000):
        w = 1 / (v + tau2)
        mean, total = w @ y / w.sum(), w.sum()
        squares, cubes = (w**2).sum(), (w**3).sum()
        score = (w**2) @ (y - mean) ** 2 - (total - squares / total)
        information = squares - 2 * cubes / total + (squares / total) ** 2
        step = score / information
        if tau2 == 0 and step <= 0:
            return 0.0
        if abs(step) < 1e-12 * max(tau2, v.min()):
            return float(tau2)
        tau2 = max(tau2 + step, 0.0) if tau2 + step >= 0 or tau2 < 1e-10 * v.min() else tau2 / 2
    raise NotEstimable("the restricted likelihood of the variance between hospitals has no maximum that can be found")
