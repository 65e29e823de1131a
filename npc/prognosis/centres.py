"""Runs of `split=leave_one_centre_out`: each hospital's figures, and those of all hospitals by random effects."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig
from scipy.special import expit, logit

from npc.cohort.cohort import Cohort
from npc.errors import InputError
from npc.names import METHODS
from npc.prognosis.discrimination import AucResult, auc
from npc.prognosis.estimable import estimated
from npc.prognosis.patients import analysed
from npc.prognosis.runs import Run
from npc.statistics import NotEstimable
from npc.statistics.calibration import Calibration, calibration
from npc.statistics.delong import delong
from npc.statistics.random_effects import RandomEffects, random_effects

_TESTED = "split.test"


@dataclass(frozen=True)
class Centre:
    """A hospital whose patients no part of the run had seen.

    Attributes:
        name: of the hospital.
        run: that it tested.
        auc: of its patients.
        calibration: of the risks, where they are probabilities.
    """

    name: str
    run: Run
    auc: AucResult
    calibration: Calibration | NotEstimable


@dataclass(frozen=True)
class Pooled:
    """The AUC of all hospitals together.

    Attributes:
        estimate: mean AUC; the inverse logit of the mean log odds.
        ci: its 95% limits.
        prediction: 95% limits of the AUC in another hospital, or why there are none.
        effects: on the scale of the log odds; `q` tests the difference between the hospitals.
        used: whether each hospital has a part, in their order; one whose AUC is 0, 1 or without variance has none.
    """

    estimate: float
    ci: tuple[float, float]
    prediction: tuple[float, float] | NotEstimable
    effects: RandomEffects
    used: tuple[bool, ...]


@dataclass(frozen=True)
class Variant:
    """The runs of one method and variant that differ in their test hospital alone.

    Attributes:
        method: of `npc.names.METHODS`.
        name: `<sequences>-<slices>`.
        centres: those with a finished run, by name.
        pooled: over the hospitals whose AUC has a variance.
        without: hospitals of the cohort without a finished run.
    """

    method: str
    name: str
    centres: tuple[Centre, ...]
    pooled: Pooled | NotEstimable
    without: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Two variants, compared within each hospital (paired DeLong), pooled over the hospitals.

    Attributes:
        first: method and name of a variant.
        second: the same; the difference is first minus second.
        effects: of the differences of AUC.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    effects: RandomEffects | NotEstimable


def left_out_centres(
    cohort: Cohort, runs: Sequence[Run], choices: DictConfig
) -> tuple[tuple[Variant, ...], tuple[Difference, ...]]:
    """Figures of each variant, and tests of the differences between them.

    Of the settings of a variant those are reported that have most hospitals, then the highest mean AUC of the internal
    validation cohorts.

    Args:
        cohort: whose patients they predict.
        runs: finished ones of `split=leave_one_centre_out`.
        choices: of `evaluate.py`.

    Raises:
        InputError: a run is not of this cohort, or a variant that is asked for has no run.
    """
    if absent := sorted(set(choices.variants or ()) - {run.variant for run in runs}):
        raise InputError(f"variants: no finished run of {', '.join(absent)} with split=leave_one_centre_out; train it")
    groups: dict[tuple[str, str], dict[str, dict[str, Run]]] = {}
    for run in runs:
        if choices.variants and run.variant not in choices.variants:
            continue
        settings = run.choices()
        (tested,) = settings.pop(_TESTED)
        by_settings = groups.setdefault((run.method, run.variant), {})
        by_settings.setdefault(json.dumps(settings, sort_keys=True), {})[str(tested)] = run
    ordered = sorted(groups, key=lambda key: (list(METHODS).index(key[0]), key[1]))
    found = tuple(_variant(cohort, *key, max(groups[key].values(), key=_worth), choices) for key in ordered)
    return found, tuple(_difference(*pair) for pair in combinations(found, 2))


def pool_aucs(label_and_risk: Sequence[tuple[pd.Series, pd.Series]]) -> Pooled:
    """The mean AUC by random effects of its log odds (restricted maximum likelihood, Hartung and Knapp).

    The log odds of an AUC are nearer to the normal distribution than the AUC, and the limits stay between 0 and 1
    (Snell et al., Stat Methods Med Res 2018). A hospital whose AUC has no variance has no part.

    Args:
        label_and_risk: of the patients of each hospital.

    Raises:
        NotEstimable: fewer than two hospitals have an AUC with a variance.
    """
    each = [estimated(delong, label, risk) for label, risk in label_and_risk]
    used = tuple(not isinstance(of, NotEstimable) and 0 < of.auc[0] < 1 and of.covariance[0, 0] > 0 for of in each)
    known = [
        (float(of.auc[0]), float(of.covariance[0, 0]))
        for of, has_part in zip(each, used, strict=True)
        if has_part and not isinstance(of, NotEstimable)
    ]
    values, variances = np.array(known).reshape(-1, 2).T
    effects = random_effects(logit(values), variances / (values * (1 - values)) ** 2)
    limits = effects.prediction
    return Pooled(
        float(expit(effects.estimate)),
        _on_unit(effects.ci),
        limits if isinstance(limits, NotEstimable) else _on_unit(limits),
        effects,
        used,
    )


def _on_unit(limits: tuple[float, float]) -> tuple[float, float]:
    return float(expit(limits[0])), float(expit(limits[1]))


def _worth(by_centre: Mapping[str, Run]) -> tuple[Any, ...]:
    """More hospitals first, then the mean AUC of the internal validation cohorts."""
    return (
        len(by_centre),
        float(np.mean([run.auc for run in by_centre.values()])),
        min(r.key for r in by_centre.values()),
    )


def _variant(cohort: Cohort, method: str, name: str, by_centre: Mapping[str, Run], choices: DictConfig) -> Variant:
    centres = tuple(_centre(cohort, centre, by_centre[centre], choices) for centre in sorted(by_centre))
    there = set(cohort.patients["centre"].astype(str))
    pooled = estimated(pool_aucs, [_tested(of.run) for of in centres])
    return Variant(method, name, centres, pooled, tuple(sorted(there - set(by_centre))))


def _centre(cohort: Cohort, name: str, run: Run, choices: DictConfig) -> Centre:
    endpoint = {key: choices.endpoint[key] for key in ("kind", "event", "time", "months")}
    patients = analysed(cohort, run, **endpoint)
    tested = set(patients.loc[patients["split"] == "test", "centre"].astype(str))
    if tested != {name}:
        raise InputError(
            f"{run.path}: its test patients are of {', '.join(sorted(tested))} in {cohort.root}, not of {name}; it was "
            "made from another table: train it again with force=true"
        )
    label, risk = _tested(run)
    found = auc(label, risk, draws=choices.report.bootstrap, seed=choices.report.seed)
    if choices.endpoint.kind not in ("binary", "landmark"):
        return Centre(
            name, run, found, NotEstimable(f"the risks of endpoint={choices.endpoint.kind} are no probabilities")
        )
    return Centre(name, run, found, estimated(calibration, label, risk))


def _tested(run: Run) -> tuple[pd.Series, pd.Series]:
    rows = run.predictions[run.predictions["split"] == "test"]
    return rows["label"], rows["risk"]


def _difference(first: Variant, second: Variant) -> Difference:
    names = (first.method, first.name), (second.method, second.name)
    theirs = {centre.name: centre.run for centre in second.centres}
    differences, variances = [], []
    for centre in first.centres:
        if centre.name not in theirs:
            continue
        (label, one), (_, other) = _tested(centre.run), _tested(theirs[centre.name])
        if not label.index.sort_values().equals(other.index.sort_values()):
            return Difference(*names, NotEstimable("they do not have the same patients; train them alike"))
        found = estimated(delong, label, np.column_stack([one, other[label.index]]))
        if (
            not isinstance(found, NotEstimable)
            and (variance := float(np.array([1, -1]) @ found.covariance @ [1, -1])) > 0
        ):
            differences.append(float(found.auc[0] - found.auc[1]))
            variances.append(variance)
    return Difference(*names, estimated(random_effects, differences, variances))
