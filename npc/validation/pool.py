"""The aggregates of several hospitals together.

Counts and sums give what an analysis of all patients in one place would give: events by expected events, concordance
and AUC of pairs within a hospital, and the log-rank test stratified by hospital. Other figures are pooled by random
effects.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit
from scipy.stats import chi2, norm

from npc.errors import InputError
from npc.prognosis.estimable import estimated
from npc.statistics import NotEstimable
from npc.statistics.random_effects import RandomEffects, random_effects
from npc.validation.aggregate import FORMAT

Z = float(norm.ppf(0.975))
TITLES = {
    "auc": "AUC",
    "harrell": "Harrell's concordance",
    "intercept": "Calibration intercept",
    "slope": "Calibration slope",
}
_SHARES = ("auc", "harrell")  # pooled as log odds


@dataclass(frozen=True)
class Hospital:
    """A figure of one hospital.

    Attributes:
        name: of its file.
        patients: their number.
        events: of them with the event.
        estimate: the figure.
        ci: 95% limits.
    """

    name: str
    patients: int
    events: int
    estimate: float
    ci: tuple[float, float]


@dataclass(frozen=True)
class Pooled:
    """A figure of all hospitals, on its own scale.

    Attributes:
        hospitals: each by itself.
        effects: by random effects; of a share as log odds. Or why they are not estimable.
        estimate: mean over the hospitals.
        ci: 95% limits of the mean.
        prediction: 95% limits of the figure at another hospital, or why there are none.
    """

    hospitals: Sequence[Hospital]
    effects: RandomEffects | NotEstimable
    estimate: float | None
    ci: tuple[float, float] | None
    prediction: tuple[float, float] | NotEstimable


def read(paths: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """The aggregates by name of their file; of files with the same name, of their folder.

    Counts, sums and figures, which alone are pooled, mean the same in all formats.

    Raises:
        InputError: fewer than two, one that can't be read, of a newer format, of another model, or given twice.
    """
    faults: list[str] = []
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            version = int(content["format"])
            _ = content["bundle_sha256"], content["patients"], content["events"], content["sums"], content["figures"]
        except (OSError, ValueError, KeyError, TypeError):
            faults.append(f"{path} can't be read as an aggregate; give the aggregate.json of npc validate")
            continue
        if version > FORMAT:
            faults.append(f"{path} has format {version}, and npc reads formats up to {FORMAT}; install a newer npc")
        if content in found.values():
            faults.append(f"{path} has the same figures as another file; give each hospital once")
        same = [other for other in paths if other.name == path.name]
        found[path.stem if len(same) == 1 else path.parent.name or str(path)] = content
    if not faults and len(paths) < 2:
        faults.append("one aggregate can't be pooled; give those of two hospitals or more")
    if not faults and len(found) < len(paths):
        faults.append("several files have the same name and folder; give each hospital's file a name of its own")
    if not faults and len({(of["bundle_sha256"], of["horizon"]) for of in found.values()}) > 1:
        faults.append("the aggregates are of different models or horizons; pool those of one bundle and --horizon")
    if faults:
        raise InputError(faults)
    return found


def exact(hospitals: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What sums give, ready for JSON; a sum that a hospital lacks leaves the figure out.

    Args:
        hospitals: their aggregates.
    """
    written: dict[str, Any] = {name: sum(of[name] for of in hospitals) for name in ("patients", "events")}
    for name in ("auc", "harrell"):
        if sums := _sums(hospitals, f"{name}_concordant", f"{name}_pairs"):
            written[f"{name}_within_hospitals"] = sums[0] / sums[1]
    if sums := _sums(hospitals, "observed", "expected"):
        ratio, half = sums[0] / sums[1], Z / sums[0] ** 0.5
        written["observed_expected"] = {"estimate": ratio, "ci": [ratio * np.exp(-half), ratio * np.exp(half)]}
    if sums := _sums(hospitals, "logrank_excess", "logrank_variance"):
        excess, variance = sums
        statistic, half = excess**2 / variance, Z / variance**0.5
        limits = [float(np.exp(excess / variance + side * half)) for side in (-1, 1)]
        written["logrank_stratified"] = {"chi2": statistic, "df": 1, "p": float(chi2.sf(statistic, 1))}
        written["hazard_ratio_peto"] = {"estimate": float(np.exp(excess / variance)), "ci": limits}
    return written


def _sums(hospitals: Sequence[Mapping[str, Any]], *names: str) -> tuple[float, ...] | None:
    if any(name not in of["sums"] for name in names for of in hospitals):
        return None
    return tuple(sum(of["sums"][name] for of in hospitals) for name in names)


def pooled(hospitals: Mapping[str, Mapping[str, Any]], method: str = "reml") -> dict[str, Pooled]:
    """Each figure of `TITLES` that two hospitals have, by random effects.

    Args:
        hospitals: aggregates by name.
        method: of the variance between hospitals, `reml` or `dl`.
    """
    found = {}
    for name in TITLES:
        having = {place: of for place, of in hospitals.items() if _has(of["figures"], name)}
        if len(having) >= 2:
            found[name] = _pooled(name, having, method)
    return found


def _has(figures: Mapping[str, Any], name: str) -> bool:
    """Format 1 may have a share that was rounded to 1, which has no log odds."""
    return name in figures and (name not in _SHARES or 0 < figures[name]["estimate"] < 1)


def _pooled(name: str, hospitals: Mapping[str, Mapping[str, Any]], method: str) -> Pooled:
    share = name in _SHARES
    there: Callable[[Any], Any] = expit if share else lambda value: value
    figures = [of["figures"][name] for of in hospitals.values()]
    values = [float(logit(of["estimate"])) if share else of["estimate"] for of in figures]
    variances = [of["variance_of_logit" if share else "variance"] for of in figures]

    def back(limits: tuple[float, float]) -> tuple[float, float]:
        return float(there(limits[0])), float(there(limits[1]))

    single = [
        Hospital(place, of["patients"], of["events"], float(there(value)), back((value - half, value + half)))
        for (place, of), value, half in zip(hospitals.items(), values, Z * np.sqrt(variances), strict=True)
    ]
    effects = estimated(lambda: random_effects(values, variances, method=method))
    if isinstance(effects, NotEstimable):
        return Pooled(single, effects, None, None, effects)
    prediction = effects.prediction
    beyond = prediction if isinstance(prediction, NotEstimable) else back(prediction)
    return Pooled(single, effects, float(there(effects.estimate)), back(effects.ci), beyond)
