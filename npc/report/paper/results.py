"""`results.json` of an analysis: the one place where its keys are named.

What is not estimable has its keys with null, and a `note` that says why.
"""

from dataclasses import asdict

from npc.prognosis.analysis import Analysis
from npc.prognosis.characteristics import Characteristic, Summary
from npc.prognosis.formula import as_plain
from npc.prognosis.models import Model
from npc.prognosis.provenance import Provenance
from npc.prognosis.treatment import RestrictedMeans, TreatmentEffect, WithinGroup
from npc.prognosis.treatment_analysis import TreatmentAnalysis
from npc.prognosis.univariate import Univariate
from npc.report.paper import (
    failures,
    results_controls,
    results_models,
    results_signatures,
    results_treatment,
    results_validity,
    seeds,
)
from npc.report.paper.result_parts import RATIO, Json, either
from npc.statistics.association import Association

_ASSOCIATION = ("test", "statistic", "df", "p")


def as_json(analysis: Analysis) -> Json:
    """Everything, ready for JSON."""
    rule, significance = analysis.choices.prognosis.cutoff, analysis.choices.prognosis.significance
    return {
        "models": {
            name: results_models.model(result, rule, analysis.times[name], analysis.competing.get(name, {}))
            | {"formula": _formula(name, result.model, analysis)}
            for name, result in analysis.models.items()
        },
        "headline": results_validity.headline(analysis.headline),
        "hospitals": results_models.hospitals(analysis),
        "comparisons": results_models.comparisons(analysis),
        "controls": results_controls.controls(analysis),
        "treatment": {"note": analysis.treatment_note}
        if analysis.treatment_note
        else {
            name: {**_treatment(effect), **_treatment_beside(analysis.treatment_beside[name])}
            for name, effect in analysis.treatment.items()
        },
        "subgroups": {name: results_validity.subgroups(found) for name, found in analysis.subgroups.items()},
        "ablations": results_validity.ablations(analysis.ablations),
        "validity": {name: results_validity.validity(found) for name, found in analysis.validity.items()},
        "missing": results_validity.missing(
            analysis.missing, {name: result.model for name, result in analysis.models.items()}
        ),
        "failures": failures.as_json(analysis.failures),
        "univariate": {test.variable.name: _univariate(test, significance) for test in analysis.univariate},
        "table2": {
            one.variable.name: _characteristic(one, analysis.choices.report.tests) for one in analysis.characteristics
        },
        "table3": [results_signatures.variant(variant) for variant in analysis.variants],
        "radiomics": {of.variant: results_signatures.signatures(of) for of in analysis.radiomics},
        "search": results_signatures.searches(analysis.searches),
        "seeds": seeds.as_json(analysis.seeds),
        "flow": asdict(analysis.flow),
        "left_out": dict(analysis.left_out),
        "provenance": _provenance(analysis.provenance),
    }


def _formula(name: str, model: Model, analysis: Analysis) -> Json:
    return as_plain(model, analysis.times[name].form, _signature_runs(model, analysis), analysis.followed)


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


def _treatment(effect: TreatmentEffect) -> Json:
    return {
        **{group: _within_group(found) for group, found in effect.groups.items()},
        "hospitals": effect.hospitals,
        "interaction": either(effect.interaction, RATIO, results_models.ratio),
        "interaction_stratified": either(effect.interaction_stratified, RATIO, results_models.ratio),
        "score_contains_treatment": effect.score_contains_treatment,
    }


def _treatment_beside(found: TreatmentAnalysis) -> Json:
    free = {} if found.free is None else {"treatment_free": _treatment(found.free)}
    return {**free, **results_treatment.as_json(found)}


def _within_group(found: WithinGroup) -> Json:
    return {
        **results_models.survival(found.survival),
        "rmst_difference": either(found.restricted_means, ("months", "ci", "until"), _restricted_means),
        "iptw_hazard_ratio": either(found.weighted, RATIO, results_models.ratio),
        "iptw_hazard_ratio_stratified": either(found.weighted_stratified, RATIO, results_models.ratio),
    }


def _restricted_means(found: RestrictedMeans) -> Json:
    return {"months": found.estimate, "ci": list(found.ci), "until": found.until}


def _univariate(test: Univariate, significance: float) -> Json:
    written = either(test.test, ("test", "p"), _association)
    return written | {"significant": test.significant(significance), "missing": test.missing}


def _association(found: Association) -> Json:
    return {"test": found.test, "statistic": found.statistic, "df": found.df, "p": found.p}


def _characteristic(one: Characteristic, tests: str) -> Json:
    by_test = {name: either(test, _ASSOCIATION, _association) for name, test in one.tests.items()}
    values: Json = {}
    if one.summary is not None:
        values["mean"] = {split: _summary(summary) for split, summary in one.summary.items()}
    if one.counts is not None:
        values["counts"] = {level: dict(of) for level, of in one.counts.items()}
    return {"n": dict(one.n), "missing": dict(one.missing), **values, "tests": by_test, "p": by_test[tests]["p"]}


def _summary(summary: Summary | None) -> Json:
    return dict.fromkeys(("mean", "sd", "min", "max")) if summary is None else asdict(summary)
