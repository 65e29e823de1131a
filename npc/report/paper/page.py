"""`report.html` of the paper's analysis."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from npc.names import MODELS, with_signs
from npc.prognosis.analysis import Analysis
from npc.prognosis.discrimination import NESTED
from npc.prognosis.search import SearchResult
from npc.report.kit.page import Figure, Section
from npc.report.paper import (
    controls,
    explained_page,
    failures,
    patients_page,
    radiomic,
    search,
    seeds,
    summary,
    tables,
    times_tables,
    treatment_page,
    validity_page,
)
from npc.report.paper.figures import Figures
from npc.report.paper.images import Images
from npc.report.paper.reading import with_reading

_TIMES = (
    "Concordance and AUC are of the risk that the rest of the report shows; the Brier score is of the absolute risk of "
    "the model's Cox form, which is fitted on the training cohort. Its signatures are out of fold for the training "
    "patients where there are such risks. 95% intervals."
)
_ABSOLUTE = (
    "Calibration and net benefit are of the absolute risk of the Cox form. Observed / expected and intercept: 1 and 0 "
    "are right, more means that too few events are foreseen. Slope: 1 is right, less means predictions that are too "
    "extreme. ICI, E50 and E90: mean, median and 90th percentile of the distance of predicted and smoothed observed "
    "risk; chance alone makes them greater than 0."
)
_RADIOMICS = (
    "Nested AUC: the mean over folds of the training cohort of a signature that was chosen and fitted without the "
    "fold. Chosen in refits: share of the bootstrap refits of the whole chain whose signature has the feature."
)
_SEEDS = (
    "The seed decides on the first weights, the order of the patients and the augmentation: the spread over seeds is "
    "chance, which the interval of one run's figure does not contain. AUCs of the training cohort are apparent; the "
    "run that is marked was chosen by its AUC in the internal validation cohort."
)


def title(analysis: Analysis) -> str:
    """Of the page and of the document of tables."""
    return summary.question(analysis)


def sections(analysis: Analysis, figures: Figures, images: Images, reviewer: Section, reports: Path) -> list[Section]:
    """The parts of the page, in order: patients, images, signature, models, treatment, explanation, provenance.

    Args:
        analysis: what they show.
        figures: that were drawn of it.
        images: of the patients.
        reviewer: what is beside the page for a reviewer.
        reports: folder of all reports, which may have those of `npc cohort quality` and `npc explain`.
    """
    rules = [f"{name}: {rule}" for name, rule in analysis.provenance.rules.items()]
    rules += analysis.choice.notes()
    runs = tables.runs(analysis.provenance.runs, analysis.labels)
    made = [
        summary.section(analysis, [figures.flow]),
        patients_page.patients(analysis, images),
        *validity_page.missing(analysis),
        patients_page.pictures(analysis, images, reports),
        Section("Variants of the signature", ["In square brackets the paper's figure."],
                {"Variants of the signature (Table 3)": tables.variants(analysis)}),
        *validity_page.ablations(analysis),
        Section("Negative controls", [*controls.text(analysis), *controls.notes(analysis)], _controls(analysis)),
        _seeds(analysis),
        *_searches(analysis, figures.searches),
        *_radiomics(analysis, figures.correlations),
        Section("Models", _models(analysis), {"AUC (95% interval)": tables.aucs(analysis)}, [figures.roc]),
        Section("Comparisons", _nested(analysis), {"Paired DeLong tests": tables.comparisons(analysis),
                                    "At Youden's threshold of the training cohort": tables.classification(analysis)}),
        Section("Time to event", [_TIMES], {"Concordance, AUC and Brier score": times_tables.discrimination(analysis),
                                            "Paired tests of concordance": times_tables.comparisons(analysis),
                                            "Cox form, training cohort": times_tables.cox(analysis)}),
        Section("Absolute risks", [_ABSOLUTE], {"Calibration": times_tables.calibration(analysis)},
                [*figures.calibration, figures.decision_curve, *figures.by_hospital]),
        Section("Risk groups", (), {"High against low risk": tables.survival(analysis),
                                    "Survival by risk group": times_tables.survival_at(analysis),
                                    **_more(analysis)},
                [*figures.risk_groups_by_cohort, figures.risk_groups]),
        *validity_page.choice(analysis),
        *validity_page.subgroups(analysis, figures.subgroups),
        treatment_page.section(analysis, figures.treatment),
        *failures.section(analysis.failures),
        Section("Regressions", (), {"Clinical variables, training cohort": tables.univariate(analysis),
                                    "Fitted models": tables.regression(analysis), **_arms(analysis)},
                figures.nomograms),
        *explained_page.sections(analysis, reports),
        reviewer,
        Section("Where the figures come from", rules, {"Runs": runs}),
    ]  # fmt: skip
    return [_with_signs(one) for one in with_reading(made)]


def _with_signs(section: Section) -> Section:
    """With `≥` in the cells of its tables, where files to compute with have `>=`."""
    tables = {caption: table.astype(str).map(with_signs) for caption, table in section.tables.items()}
    return replace(section, tables=tables)


def _models(analysis: Analysis) -> list[str]:
    return [
        *validity_page.headline(analysis),
        *seeds.sentences(analysis.seeds, analysis.splits, analysis.labels),
        *notes(analysis),
    ]


def notes(analysis: Analysis) -> list[str]:
    """What a reader must know about the models, and which are left out."""
    return [
        *(f"{MODELS[name]}: {note}" for name, result in analysis.models.items() for note in result.model.notes),
        *(f"{MODELS[name]} is left out: {reason}" for name, reason in analysis.left_out.items()),
    ]


def _nested(analysis: Analysis) -> list[str]:
    """What the mark of nested models means, if there are such pairs."""
    return [f"Nested models on the training cohort: {NESTED}."] if any(c.nested for c in analysis.comparisons) else []


def searches(results: Sequence[SearchResult], figures: Sequence[Figure], labels: Mapping[str, str]) -> list[Section]:
    """Selection among settings and its optimism; nothing where there was no selection."""
    if not results:
        return []
    made = {"Selection and its optimism": search.table(results, labels)}
    return [Section("Search", search.text(results, labels), made, figures)]


def _searches(analysis: Analysis, figures: Sequence[Figure]) -> list[Section]:
    """What a search has cost, or that there was none."""
    none = [Section("Search", ["No variant has several runs with different settings, so nothing was searched for."])]
    return searches(analysis.searches, figures, analysis.labels) or none


def _seeds(analysis: Analysis) -> Section:
    """The spread over seeds, or what has to be trained to know it."""
    table = seeds.table(analysis.seeds, analysis.splits, analysis.labels)
    if table.empty:
        return Section("Training seeds", ["No runs differ in their seed alone, so the spread over seeds is not known."])
    return Section("Training seeds", [_SEEDS], {"Runs that differ in their seed alone": table})


def _more(analysis: Analysis) -> dict[str, pd.DataFrame]:
    made = {
        "Cumulative incidence, with death as competing event": times_tables.competing(analysis),
        "The first model by hospital": times_tables.hospitals(analysis),
    }
    return {title: table for title, table in made.items() if len(table)}


def _arms(analysis: Analysis) -> dict[str, pd.DataFrame]:
    table = tables.arms(analysis)
    return {"What each arm adds to all others": table} if len(table) else {}


def _controls(analysis: Analysis) -> dict[str, pd.DataFrame]:
    made = {"Added to the volume": controls.added(analysis), "Against each control": controls.table(analysis)}
    return {title: table for title, table in made.items() if len(table)}


def _radiomics(analysis: Analysis, figures: Sequence[Figure]) -> list[Section]:
    found = analysis.radiomics
    if not found:
        return []
    labels = analysis.labels
    made = {"Signatures": radiomic.signatures_table(found, labels), "Features": radiomic.features_table(found, labels)}
    return [Section("Radiomic signatures", [_RADIOMICS, *radiomic.notes(found, labels)], made, figures)]
