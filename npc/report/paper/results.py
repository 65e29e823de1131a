"""`results.json` of an analysis: the one place where its keys are named.

What is not estimable has its keys with null, and a `note` that says why.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from npc.names import NOT_ESTIMABLE
from npc.prognosis.analysis import Analysis
from npc.prognosis.characteristics import Characteristic, Summary
from npc.prognosis.competing import CompetingRisks
from npc.prognosis.controls import Against, Controls
from npc.prognosis.discrimination import NESTED, AucResult
from npc.prognosis.evaluation import ModelResult
from npc.prognosis.formula import as_plain
from npc.prognosis.models import Model
from npc.prognosis.provenance import Provenance
from npc.prognosis.search import SearchResult, StandardError
from npc.prognosis.signatures import Overlap, Signature, VariantSignatures
from npc.prognosis.survival import Group, HazardRatio, Survival
from npc.prognosis.terms import Term
from npc.prognosis.times import CohortTimes, ModelTimes
from npc.prognosis.trained_controls import ShuffledOutcomes, TrainedControl
from npc.prognosis.treatment import RestrictedMeans, TreatmentEffect, WithinGroup
from npc.prognosis.treatment_analysis import TreatmentAnalysis
from npc.prognosis.univariate import Univariate
from npc.prognosis.variants import Variant
from npc.report.paper import results_times, results_treatment, results_validity
from npc.statistics import NotEstimable
from npc.statistics.added_value import AddedValue
from npc.statistics.association import Association
from npc.statistics.classification import Proportion
from npc.statistics.delong import Comparison
from npc.statistics.logrank import Test

Json = dict[str, Any]
Result = TypeVar("Result")
INTERVALS = {"delong": "ci", "logit": "ci_logit", "bootstrap": "ci_bootstrap"}
_TEST, _RATIO = ("chi2", "df", "p"), ("estimate", "ci", "p")
_ASSOCIATION = ("test", "statistic", "df", "p")


def as_json(analysis: Analysis) -> Json:
    """Everything, ready for JSON."""
    rule, significance = analysis.choices.prognosis.cutoff, analysis.choices.prognosis.significance
    return {
        "models": {
            name: _model(result, rule, analysis.times[name], analysis.competing.get(name, {}))
            | {"formula": as_plain(result.model, analysis.times[name].form, _signature_runs(result.model, analysis))}
            for name, result in analysis.models.items()
        },
        "hospitals": _hospitals(analysis),
        "comparisons": _comparisons(analysis),
        "controls": _controls(analysis),
        "treatment": {"note": analysis.treatment_note}
        if analysis.treatment_note
        else {
            name: {**_treatment(effect), **_treatment_beside(analysis.treatment_beside[name])}
            for name, effect in analysis.treatment.items()
        },
        "subgroups": {name: results_validity.subgroups(found) for name, found in analysis.subgroups.items()},
        "ablations": results_validity.ablations(analysis.ablations),
        "missing": results_validity.missing(
            analysis.missing, {name: result.model for name, result in analysis.models.items()}
        ),
        "univariate": {test.variable.name: _univariate(test, significance) for test in analysis.univariate},
        "table2": {
            one.variable.name: _characteristic(one, analysis.choices.report.tests) for one in analysis.characteristics
        },
        "table3": [_variant(variant) for variant in analysis.variants],
        "radiomics": {of.variant: _signatures(of) for of in analysis.radiomics},
        "search": searches(analysis.searches),
        "flow": asdict(analysis.flow),
        "left_out": dict(analysis.left_out),
        "provenance": _provenance(analysis.provenance),
    }


def _signature_runs(model: Model, analysis: Analysis) -> dict[str, str]:
    """Run key of each signature of a model, by term."""
    if model.fitted is None:
        return {model.name: analysis.choice.signature(model.name).key}
    choice = analysis.choice
    return {term: (choice.lead if term == "signature" else choice.signature(term)).key for term in model.signatures}


def _provenance(found: Provenance) -> Json:
    """Only runs of a frozen-encoder signature have the key `encoder`."""
    written = asdict(found)
    written["runs"] = [{k: v for k, v in run.items() if k != "encoder" or v} for run in written["runs"]]
    return written


def searches(results: Sequence[SearchResult]) -> Json:
    """By `<method>/<variant>`; `<method>/all` is the choice among all variants."""
    return {f"{one.search.method}/{one.search.variant}": _search(one) for one in results}


def _either(found: Result | NotEstimable, keys: Sequence[str], write: Callable[[Result], Json]) -> Json:
    """What was found, or its keys with null and the reason."""
    if isinstance(found, NotEstimable):
        return {**dict.fromkeys(keys), **_note(found)}
    return write(found)


def _note(reason: object) -> Json:
    return {"note": f"{NOT_ESTIMABLE}: {reason}"}


def _model(result: ModelResult, rule: str, times: ModelTimes, competing: Mapping[str, CompetingRisks]) -> Json:
    return {
        **{
            split: {
                "auc": _auc(found),
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
        "survival": {split: _survival(found) for split, found in result.survival.items()}
        | {"pooled": _survival(result.pooled)},
        **({"regression": _regression(result.model)} if result.model.fitted else {}),
        "cox": results_times.form(times.form),
        **(
            {"adds": adds}
            if (adds := {arm: _either(test, _TEST, _test) for arm, test in result.model.adds.items()})
            else {}
        ),
        "notes": list(result.model.notes),
    }


def external(auc: AucResult, classification: Mapping[str, Proportion], survival: Survival, times: CohortTimes) -> Json:
    """The figures of a model in one cohort where it was neither fitted nor chosen; keys as of a model's cohort."""
    return {
        "auc": _auc(auc),
        **results_times.cohort(times),
        "classification": {name: _proportion(share) for name, share in classification.items()},
        "survival": _survival(survival),
    }


def _unseen(result: ModelResult, split: str) -> Json:
    """The AUC of the training cohort's out-of-fold risks, of a signature that has them."""
    return {"auc_out_of_fold": _auc(result.unseen_auc)} if split == "train" and result.unseen_auc else {}


def _auc(found: AucResult) -> Json:
    counts = {"n": found.n, "events": found.events}
    if isinstance(found.estimate, NotEstimable):
        return {"estimate": None, **dict.fromkeys(INTERVALS.values()), **counts, **_note(found.estimate)}
    limits = {key: found.intervals[kind] for kind, key in INTERVALS.items()}
    notes = [f"{key} {NOT_ESTIMABLE}: {ci}" for key, ci in limits.items() if isinstance(ci, NotEstimable)]
    intervals = {key: None if isinstance(ci, NotEstimable) else list(ci) for key, ci in limits.items()}
    return {"estimate": found.estimate, **intervals, **counts, **({"note": "; ".join(notes)} if notes else {})}


def _controls(analysis: Analysis) -> Json:
    written: Json = {
        name: {
            **(_note(found) if isinstance(found, NotEstimable) else _beside_size(found)),
            **{control: _trained(of, analysis.splits) for control, of in analysis.trained_controls[name].items()},
            **_shuffled_outcomes(analysis.shuffled_outcomes[name]),
        }
        for name, found in analysis.controls.items()
    }
    if analysis.combined_controls:
        written["combined"] = {name: _against_all(found) for name, found in analysis.combined_controls.items()}
    return written


def _beside_size(found: Controls) -> Json:
    unknown = isinstance(found.correlation, NotEstimable)
    return {
        "volume": _against_all(found.volume),
        "area": _against_all(found.area),
        "added_to_volume": {
            "held_out": list(found.held_out),
            "events": found.events,
            **_either(found.added, (*_TEST, "hazard_ratio"), _added),
        },
        "correlation_with_volume": None if unknown else found.correlation,
        "verdict": found.verdict,
        **({"note": f"correlation_with_volume {NOT_ESTIMABLE}: {found.correlation}"} if unknown else {}),
    }


def _trained(found: TrainedControl | NotEstimable, splits: Iterable[str]) -> Json:
    if isinstance(found, NotEstimable):
        return _against_all(dict.fromkeys(splits, Against(found, found)))
    return _against_all(found.against)


def _shuffled_outcomes(found: Mapping[str, ShuffledOutcomes | NotEstimable]) -> Json:
    keys = ("auc_mean", "p", "permutations")
    written = {
        split: _either(one, keys, lambda o: {"auc_mean": o.auc, "p": o.p, "permutations": o.permutations})
        for split, one in found.items()
    }
    return {"shuffled_outcomes": written} if written else {}


def _against_all(found: Mapping[str, Against]) -> Json:
    return {
        split: {
            "auc": None if isinstance(one.auc, NotEstimable) else one.auc,
            **_either(one.test, ("difference", "p"), lambda test: {"difference": test.difference, "p": test.p}),
        }
        for split, one in found.items()
    }


def _added(found: AddedValue) -> Json:
    return {**_test(found.test), "hazard_ratio": {"estimate": found.hazard_ratio, "ci": list(found.ci)}}


def _proportion(share: Proportion) -> Json:
    written = {"estimate": share.estimate, "ci": share.ci and list(share.ci), "count": share.count, "n": share.n}
    return written if share.n else {**written, **_note("no subjects")}


def _survival(found: Survival) -> Json:
    curves = {group.name: group.curve for group in found.groups if group.curve}
    written = {
        "groups": {group.name: {"n": group.n, "events": group.events} for group in found.groups},
        "logrank": _either(found.logrank, _TEST, _test),
        "hazard_ratio": _either(found.hazard_ratio, _RATIO, _hazard_ratio),
        "medians": {group.name: _median(group) for group in found.groups if group.curve},
        "at_risk": {
            "months": list(found.months),
            **{name: [int(n) for n in curve.number_at_risk(found.months)] for name, curve in curves.items()},
        },
    }
    if found.stratified is not None:
        written["logrank_stratified"] = _either(found.stratified.logrank, _TEST, _test)
        written["hazard_ratio_stratified"] = _either(found.stratified.hazard_ratio, _RATIO, _hazard_ratio)
    return written


def _test(found: Test) -> Json:
    return {"chi2": found.chi2, "df": found.df, "p": found.p}


def _hazard_ratio(found: HazardRatio) -> Json:
    written = {"estimate": found.estimate, "ci": list(found.ci), "p": found.p}
    if found.proportional_hazards is not None:
        written["proportional_hazards"] = _either(found.proportional_hazards, _TEST, _test)
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


def _hospitals(analysis: Analysis) -> Json:
    """Of the first model, by split and hospital; only cohorts with several hospitals."""
    written: Json = {}
    for one in analysis.hospitals:
        written.setdefault(one.split, {})[one.name] = {
            "auc": _auc(one.auc),
            "harrell": results_times.estimate(one.harrell),
            "survival": _survival(one.survival),
        }
    return {next(iter(analysis.models)): written} if written else {}


def _comparisons(analysis: Analysis) -> Json:
    written: Json = {}
    for one in analysis.comparisons:
        test = _either(one.test, ("difference", "z", "p"), _compared) | {"p_holm": one.p_holm}
        if one.nested:
            test["note"] = NESTED
        concordance = analysis.concordance_comparisons[one.first, one.second, one.split]
        test["concordance"] = results_times.comparison(concordance)
        written.setdefault(f"{one.first}__{one.second}", {})[one.split] = test
    return written


def _compared(found: Comparison) -> Json:
    return {"difference": found.difference, "z": found.z, "p": found.p}


def _treatment(effect: TreatmentEffect) -> Json:
    return {
        **{group: _within_group(found) for group, found in effect.groups.items()},
        "hospitals": effect.hospitals,
        "interaction": _either(effect.interaction, _RATIO, _hazard_ratio),
        "interaction_stratified": _either(effect.interaction_stratified, _RATIO, _hazard_ratio),
        "score_contains_treatment": effect.score_contains_treatment,
    }


def _treatment_beside(found: TreatmentAnalysis) -> Json:
    free = {} if found.free is None else {"treatment_free": _treatment(found.free)}
    return {**free, **results_treatment.as_json(found)}


def _within_group(found: WithinGroup) -> Json:
    return {
        **_survival(found.survival),
        "rmst_difference": _either(found.restricted_means, ("months", "ci", "until"), _restricted_means),
        "iptw_hazard_ratio": _either(found.weighted, _RATIO, _hazard_ratio),
        "iptw_hazard_ratio_stratified": _either(found.weighted_stratified, _RATIO, _hazard_ratio),
    }


def _restricted_means(found: RestrictedMeans) -> Json:
    return {"months": found.estimate, "ci": list(found.ci), "until": found.until}


def _univariate(test: Univariate, significance: float) -> Json:
    written = _either(test.test, ("test", "p"), _association)
    return written | {"significant": test.significant(significance), "missing": test.missing}


def _association(found: Association) -> Json:
    return {"test": found.test, "statistic": found.statistic, "df": found.df, "p": found.p}


def _characteristic(one: Characteristic, tests: str) -> Json:
    by_test = {name: _either(test, _ASSOCIATION, _association) for name, test in one.tests.items()}
    values: Json = {}
    if one.summary is not None:
        values["mean"] = {split: _summary(summary) for split, summary in one.summary.items()}
    if one.counts is not None:
        values["counts"] = {level: dict(of) for level, of in one.counts.items()}
    return {"n": dict(one.n), "missing": dict(one.missing), **values, "tests": by_test, "p": by_test[tests]["p"]}


def _summary(summary: Summary | None) -> Json:
    return dict.fromkeys(("mean", "sd", "min", "max")) if summary is None else asdict(summary)


def _variant(variant: Variant) -> Json:
    run = variant.run
    return {
        "method": run.method, "slices": run.slices, "sequence": run.sequence, "run_key": run.key,
        "auc": {split: _auc(found) for split, found in variant.auc.items()},
        "paper": dict(variant.paper),
    }  # fmt: skip


def _signatures(of: VariantSignatures) -> Json:
    return {
        "chains": {"+".join(signature.chain): _signature(signature) for signature in of.signatures},
        "overlap": {"__".join("+".join(chain) for chain in one.chains): _overlap(one) for one in of.overlaps},
    }


def _signature(signature: Signature) -> Json:
    return {
        "run_key": signature.run_key,
        "intercept": signature.intercept,
        "features": [asdict(feature) for feature in signature.features],
        "steps": list(signature.steps),
        "notes": list(signature.notes),
        "nested_auc": signature.nested_auc,
        "apparent_auc": signature.apparent_auc,
        "correlation": signature.correlation.tolist(),
    }


def _overlap(one: Overlap) -> Json:
    return {"shared": list(one.shared), **_either(one.jaccard, ("jaccard",), lambda jaccard: {"jaccard": jaccard})}


def _search(one: SearchResult) -> Json:
    search, best = one.search, one.best
    written = {
        "runs": len(search.runs),
        "others": search.others,
        "patients": len(search.label),
        "events": int(search.label.sum()),
        "run_key": best.key,
        "variant": best.variant,
        "auc": best.auc,
        "standard_error": _either(one.standard_error, ("se", "within"), _standard_error),
        "worth": _either(one.worth, ("estimate", "ci", "optimism", "draws"), lambda found: {
            "estimate": found.estimate, "ci": list(found.ci), "optimism": one.optimism, "draws": found.draws}),
        "chance": _either(one.chance, ("mean", "upper", "p"), asdict),
    }  # fmt: skip
    if not one.settings:
        return written
    settings = [{"run_key": of.run.key, "auc": of.run.auc, "choices": dict(of.choices)} for of in one.settings]
    return {**written, "settings": settings}


def _standard_error(found: StandardError) -> Json:
    return {"se": found.se, "within": found.within, **({"note": found.note} if found.note else {})}
