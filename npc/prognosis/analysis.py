"""The paper's analysis of finished runs: from logged predictions to every figure, without a table or a drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from omegaconf import DictConfig

from npc.cohort import clinical
from npc.cohort.clinical import Variable
from npc.cohort.cohort import Cohort
from npc.cohort.flow import Flow, flow
from npc.config.values import plain
from npc.names import series_labels, split_titles
from npc.prognosis import models
from npc.prognosis.ablations import Ablations, ablations
from npc.prognosis.characteristics import Characteristic, characteristics
from npc.prognosis.choice import Choice
from npc.prognosis.competing import CompetingRisks, causes, competing_risks
from npc.prognosis.controls import MEASURES, Against, Controls, against, controls, mean_size
from npc.prognosis.discrimination import ModelComparison, comparisons
from npc.prognosis.estimable import estimated, readable
from npc.prognosis.evaluation import ModelResult, evaluate
from npc.prognosis.failures import Failures, failures
from npc.prognosis.headline import Headline, headline
from npc.prognosis.hospitals import Hospital, hospitals
from npc.prognosis.missing import Missing, missing
from npc.prognosis.models import Model
from npc.prognosis.patients import analysed, followed, left_out
from npc.prognosis.provenance import Provenance, provenance
from npc.prognosis.search import SearchResult, judge
from npc.prognosis.seeds import Seeds, over_seeds
from npc.prognosis.signatures import VariantSignatures, signatures
from npc.prognosis.subgroups import Subgroups, subgroups
from npc.prognosis.times import ConcordanceComparison, ModelTimes, concordance_comparisons, times
from npc.prognosis.trained_controls import PermutedOutcomes, TrainedControl, permuted_outcomes, trained_controls
from npc.prognosis.training_risks import nested, unlike
from npc.prognosis.treatment import TreatmentEffect, check_treatment, treatment_effect
from npc.prognosis.treatment_analysis import TreatmentAnalysis, treatment_analysis
from npc.prognosis.univariate import Univariate, univariate
from npc.prognosis.validity import Validity, validity
from npc.prognosis.variants import Variant, variants
from npc.published import load as load_published
from npc.statistics import NotEstimable


@dataclass(frozen=True)
class Analysis:
    """All that is known after the analysis.

    Attributes:
        choices: of `evaluate.py`.
        splits: titles of the cohorts that there are, by split, in the order in which they are shown.
        patients: the cohort's columns, `split`, `label`, `time` in months and `event`; indexed by `patient_id`.
        followed: these, and those censored before a landmark, whose label is missing: the patients of curves, log-rank
            tests and Cox regressions.
        models: results by name, in the order in which they are shown.
        times: figures of time to event, by model.
        competing: with death as competing event, by model and split; empty where no death is known.
        headline: the first model against permuted outcomes of the held-out cohort.
        hospitals: the first model in each hospital of cohorts with several.
        left_out: why the other models can't be made, by name.
        comparisons: of all pairs of models in each cohort.
        concordance_comparisons: the same of their concordance, `harrell` and `uno`, by both names and the split.
        controls: each signature beside the size of the tumour, or why there is no such comparison.
        trained_controls: each signature against the same method on altered images, by control; or why a control can't
            be used.
        permuted_outcomes: each signature among those trained on permuted outcomes, by split.
        combined_controls: the combined model against one that has a measure of size in the place of the signature, by
            measure and split; empty where one of them is not there.
        treatment: effect of additional treatment within risk groups by model, as in the paper.
        treatment_beside: what stands beside it, by model.
        treatment_note: why there is none; None where there is.
        subgroups: of held-out patients, by model.
        ablations: the best run of each variant against the signature.
        validity: what the whole choice of each model is worth on the training cohort.
        missing: what is missing, and regressions over imputations.
        failures: held-out patients whom every model gets wrong.
        univariate: tests that choose clinical variables.
        characteristics: of the cohorts, by variable.
        variants: AUCs of the best run of each.
        labels: of the image series (`npc.names.series_labels`).
        radiomics: radiomic signatures by variant.
        choice: of the runs.
        searches: choices among runs, and what they are worth.
        seeds: runs that differ in their seed alone, and their spread.
        flow: who was left out and who was analysed.
        provenance: where all this comes from.
    """

    choices: DictConfig
    splits: Mapping[str, str]
    patients: pd.DataFrame
    followed: pd.DataFrame
    models: Mapping[str, ModelResult]
    times: Mapping[str, ModelTimes]
    competing: Mapping[str, Mapping[str, CompetingRisks]]
    headline: Headline
    hospitals: tuple[Hospital, ...]
    left_out: Mapping[str, str]
    comparisons: tuple[ModelComparison, ...]
    concordance_comparisons: Mapping[tuple[str, str, str], Mapping[str, ConcordanceComparison]]
    controls: Mapping[str, Controls | NotEstimable]
    trained_controls: Mapping[str, Mapping[str, TrainedControl | NotEstimable]]
    permuted_outcomes: Mapping[str, Mapping[str, PermutedOutcomes | NotEstimable]]
    combined_controls: Mapping[str, Mapping[str, Against]]
    treatment: Mapping[str, TreatmentEffect]
    treatment_beside: Mapping[str, TreatmentAnalysis]
    treatment_note: str | None
    subgroups: Mapping[str, Subgroups]
    ablations: Ablations
    validity: Mapping[str, Validity]
    missing: Missing
    failures: Failures
    univariate: tuple[Univariate, ...]
    characteristics: tuple[Characteristic, ...]
    variants: tuple[Variant, ...]
    labels: Mapping[str, str]
    radiomics: tuple[VariantSignatures, ...]
    choice: Choice
    searches: tuple[SearchResult, ...]
    seeds: tuple[Seeds, ...]
    flow: Flow
    provenance: Provenance


def analyse(cohort: Cohort, choice: Choice, unfinished: Sequence[Path], choices: DictConfig) -> Analysis:
    """Analyses finished runs.

    Args:
        cohort: whose patients they predict.
        choice: of the finished runs of the cohort.
        unfinished: folders of others, which are counted.
        choices: checked (`npc.config.checks.check_evaluate`).

    Raises:
        InputError: the cohort, or the runs, can't be used.
    """
    used = choice.used
    endpoint = {name: choices.endpoint[name] for name in ("kind", "event", "time", "months")}
    patients = analysed(cohort, used[0], **endpoint)
    variables = clinical.parse(plain(choices.cohort)["clinical"])
    check_treatment(choices.prognosis.treatment, variables)
    tests = univariate(patients[patients["split"] == "train"], variables)
    best = {method: choice.signature(method) for method in choice.best}
    everyone = followed(cohort, patients, list(best.values()))
    made, absent = _models(everyone, tests, choice, choices.prognosis)
    results = {name: evaluate(everyone, model, choices) for name, model in made.items()}
    effects, note = _treatment(everyone, results, variables, choices.prognosis.treatment)
    excluded = left_out(cohort, used[0])
    cause = causes(everyone, choices.endpoint.event)
    first = next(iter(results))
    of_time = {name: times(everyone, result, choices) for name, result in results.items()}
    risks = {name: model.held_out for name, model in made.items()}
    draws = {"draws": choices.report.bootstrap, "seed": choices.report.seed}
    return Analysis(
        choices=choices,
        splits=split_titles(patients["split"], patients["centre"].astype(str)),
        patients=patients,
        followed=everyone,
        models=results,
        times=of_time,
        competing={}
        if cause is None
        else {name: competing_risks(everyone, cause, result.group) for name, result in results.items()},
        headline=headline(everyone, first, results[first].model.risk, choices.report),
        hospitals=hospitals(everyone, results[first], of_time[first].form, choices.report),
        left_out=absent,
        comparisons=comparisons(patients, risks, unlike=unlike(made), nested=nested(made)),
        concordance_comparisons=concordance_comparisons(everyone, risks, unlike(made)),
        controls={method: controls(patients, run) for method, run in best.items()},
        trained_controls={method: trained_controls(patients, run) for method, run in best.items()},
        permuted_outcomes={method: permuted_outcomes(patients, run) for method, run in best.items()},
        combined_controls=_combined_controls(patients, tests, made.get("combined"), choice, choices.prognosis),
        treatment=effects,
        treatment_beside={
            name: treatment_analysis(everyone, results[name], choices.prognosis.treatment, variables, choices)
            for name in effects
        },
        treatment_note=note,
        subgroups={name: subgroups(everyone, model.risk, variables) for name, model in made.items()},
        ablations=ablations(choice.lead, used),
        validity=validity(everyone, made, variables, best, choices),
        missing=missing(everyone, made, variables, imputations=choices.prognosis.imputations, seed=choices.report.seed),
        failures=failures(patients, results, variables),
        univariate=tuple(tests),
        characteristics=characteristics(patients, variables),
        variants=variants(used, cohort.sequences, load_published(), **draws),
        labels=series_labels(cohort.sequences, choices.cohort.labels),
        radiomics=signatures(choice.runs),
        choice=choice,
        searches=judge(choice, **draws),
        seeds=over_seeds(everyone, choice),
        flow=flow(excluded, patients),
        provenance=provenance(choices, everyone, excluded, used, len(choice.runs), len(unfinished)),
    )


def _models(
    patients: pd.DataFrame, tests: Sequence[Univariate], choice: Choice, prognosis: DictConfig
) -> tuple[dict[str, Model], dict[str, str]]:
    """The models that can be made, and why the others can't."""
    best = {method: choice.signature(method) for method in choice.best}
    lead = choice.lead
    # of networks, one arm: the ensemble where there is one
    arms = {m: run for m, run in best.items() if m != "deep_learning" or "ensemble" not in best}
    made: dict[str, Model] = {}
    absent: dict[str, str] = {}
    for name, make in (
        ("combined", lambda: models.combined(patients, tests, prognosis.significance, lead, prognosis.signature)),
        *(
            [("all_arms", lambda: models.all_arms(patients, tests, prognosis.significance, arms))]
            if len(arms) > 1
            else []
        ),
        *(
            (method, lambda m=method: models.signature(m, best[m], patients.index, prognosis.signature))
            for method in best
        ),
        ("clinical", lambda: models.clinical(patients, tests, prognosis.significance)),
    ):
        try:
            made[name] = make()
        except NotEstimable as reason:
            clinical_alone = name != "all_arms" and not tests
            absent[name] = "the cohort declares no clinical variables" if clinical_alone else str(reason)
    return made, absent


def _combined_controls(
    patients: pd.DataFrame, tests: Sequence[Univariate], combined: Model | None, choice: Choice, prognosis: DictConfig
) -> dict[str, dict[str, Against]]:
    sizes = readable(choice.lead.outlines)
    if combined is None or sizes is None or isinstance(sizes, NotEstimable):
        return {}
    found = {}
    for measure in MEASURES:
        size = mean_size(sizes.loc[patients.index], measure)
        model = estimated(models.clinical_with, patients, tests, prognosis.significance, size)
        if not isinstance(model, NotEstimable):
            found[measure] = against(patients, combined.risk, model.risk)
    return found


def _treatment(
    patients: pd.DataFrame, results: Mapping[str, ModelResult], variables: Sequence[Variable], name: str | None
) -> tuple[dict[str, TreatmentEffect], str | None]:
    """Additional against standard treatment within the risk groups of each model, or why there is no comparison."""
    if name not in [variable.name for variable in variables]:
        return {}, f"left out: prognosis.treatment={name or 'null'} names no clinical variable of the cohort"
    effects = {
        model: treatment_effect(patients, result.group, name, variables, result.model.variables)
        for model, result in results.items()
    }
    return effects, None
