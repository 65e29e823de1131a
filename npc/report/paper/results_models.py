"""The models as keys of `results.json`: discrimination, risk groups, regressions, comparisons, hospitals."""

from collections.abc import Mapping

from npc.names import NOT_ESTIMABLE
from npc.prognosis.analysis import Analysis
from npc.prognosis.competing import CompetingRisks
from npc.prognosis.discrimination import NESTED, AucResult
from npc.prognosis.evaluation import ModelResult
from npc.prognosis.models import Model
from npc.prognosis.survival import Group, HazardRatio, Survival
from npc.prognosis.terms import Term
from npc.prognosis.times import CohortTimes, ModelTimes
from npc.report.paper import results_times
from npc.report.paper.result_parts import RATIO, TEST, Json, either, note, test
from npc.statistics import NotEstimable
from npc.statistics.classification import Proportion
from npc.statistics.delong import Comparison

INTERVALS = {"delong": "ci", "logit": "ci_logit", "bootstrap": "ci_bootstrap"}


def model(result: ModelResult, rule: str, times: ModelTimes, competing: Mapping[str, CompetingRisks]) -> Json:
    """One model in every cohort."""
    return {
        **{
            split: {
                "auc": auc(found),
                **_unseen(result, split),
                **results_times.cohort(times.cohorts[split]),
                **({"competing_risks": results_times.competing(competing[split])} if split in competing else {}),
            }
            for split, found in result.auc.items()
        },
        "threshold": result.threshold,
        "classification": {
            split: {name: _proportion(share) for name, share in shares.items()}
            for split, shares in result.classification.items()
        },
        "cutoff": dict(result.cutoffs) if rule == "own" else result.cutoffs["train"],
        "survival": {split: survival(found) for split, found in result.survival.items()}
        | {"pooled": survival(result.pooled)},
        **({"regression": _regression(result.model)} if result.model.fitted else {}),
        "cox": results_times.form(times.form),
        **(
            {"adds": adds}
            if (adds := {arm: either(found, TEST, test) for arm, found in result.model.adds.items()})
            else {}
        ),
        "notes": list(result.model.notes),
    }


def external(
    discrimination: AucResult, classification: Mapping[str, Proportion], groups: Survival, times: CohortTimes
) -> Json:
    """The figures of a model in one cohort where it was neither fitted nor chosen; keys as of a model's cohort."""
    return {
        "auc": auc(discrimination),
        **results_times.cohort(times),
        "classification": {name: _proportion(share) for name, share in classification.items()},
        "survival": survival(groups),
    }


def _unseen(result: ModelResult, split: str) -> Json:
    """The AUC of the training cohort's out-of-fold risks, of a signature that has them."""
    return {"auc_out_of_fold": auc(result.unseen_auc)} if split == "train" and result.unseen_auc else {}


def auc(found: AucResult) -> Json:
    """An AUC with its intervals of each kind, patients and events."""
    counts = {"n": found.n, "events": found.events}
    if isinstance(found.estimate, NotEstimable):
        return {"estimate": None, **dict.fromkeys(INTERVALS.values()), **counts, **note(found.estimate)}
    limits = {key: found.intervals[kind] for kind, key in INTERVALS.items()}
    notes = [f"{key} {NOT_ESTIMABLE}: {ci}" for key, ci in limits.items() if isinstance(ci, NotEstimable)]
    intervals = {key: None if isinstance(ci, NotEstimable) else list(ci) for key, ci in limits.items()}
    return {"estimate": found.estimate, **intervals, **counts, **({"note": "; ".join(notes)} if notes else {})}


def _proportion(share: Proportion) -> Json:
    written = {"estimate": share.estimate, "ci": share.ci and list(share.ci), "count": share.count, "n": share.n}
    return written if share.n else {**written, **note("no subjects")}


def survival(found: Survival) -> Json:
    """High against low risk."""
    curves = {group.name: group.curve for group in found.groups if group.curve}
    written = {
        "groups": {group.name: {"n": group.n, "events": group.events} for group in found.groups},
        "logrank": either(found.logrank, TEST, test),
        "hazard_ratio": either(found.hazard_ratio, RATIO, ratio),
        "medians": {group.name: _median(group) for group in found.groups if group.curve},
        "at_risk": {
            "months": list(found.months),
            **{name: [int(n) for n in curve.number_at_risk(found.months)] for name, curve in curves.items()},
        },
    }
    if found.stratified is not None:
        written["logrank_stratified"] = either(found.stratified.logrank, TEST, test)
        written["hazard_ratio_stratified"] = either(found.stratified.hazard_ratio, RATIO, ratio)
    return written


def ratio(found: HazardRatio) -> Json:
    """A hazard ratio, with the test of proportional hazards where there is one."""
    written = {"estimate": found.estimate, "ci": list(found.ci), "p": found.p}
    if found.proportional_hazards is not None:
        written["proportional_hazards"] = either(found.proportional_hazards, TEST, test)
    return written


def _median(group: Group) -> Json:
    assert group.curve is not None
    months, ci = group.curve.median(), list(group.curve.median_interval())
    return {"months": months, "ci": ci} if months is not None else {"months": None, "ci": ci, "note": "not reached"}


def _regression(model: Model) -> Json:
    fitted = model.fitted
    assert fitted is not None
    terms = [_term(term) for term in model.regression()]
    return {"method": fitted.method, "separation": fitted.separation, "aic": fitted.aic, "terms": terms}


def _term(term: Term) -> Json:
    written = {
        "term": term.name,
        "coefficient": term.coefficient,
        "standard_error": term.standard_error,
        "p": term.p,
    }
    return written if term.ci is None else {**written, "odds_ratio": term.odds_ratio, "ci": list(term.ci)}


def hospitals(analysis: Analysis) -> Json:
    """Of the first model, by split and hospital; only cohorts with several hospitals."""
    written: Json = {}
    for one in analysis.hospitals:
        written.setdefault(one.split, {})[one.name] = {
            "auc": auc(one.auc),
            "harrell": results_times.estimate(one.times.concordance["harrell"]),
            "survival": survival(one.survival),
            **results_times.absolute(one.times),
        }
    return {next(iter(analysis.models)): written} if written else {}


def comparisons(analysis: Analysis) -> Json:
    """Paired tests of AUC and concordance, by both models and the cohort."""
    written: Json = {}
    for one in analysis.comparisons:
        found = either(one.test, ("difference", "z", "p"), compared) | {"p_holm": one.p_holm}
        if one.nested:
            found["note"] = NESTED
        concordance = analysis.concordance_comparisons[one.first, one.second, one.split]
        found["concordance"] = results_times.comparison(concordance)
        written.setdefault(f"{one.first}__{one.second}", {})[one.split] = found
    return written


def compared(found: Comparison) -> Json:
    """A paired test of two AUCs or concordances."""
    return {"difference": found.difference, "z": found.z, "p": found.p}
