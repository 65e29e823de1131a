"""`report.html` of the paper's analysis."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.prognosis.discrimination import NESTED
from npc.prognosis.search import SearchResult
from npc.report.kit.page import Figure, Section, write_page
from npc.report.paper import controls, radiomic, search, tables, treatment_tables
from npc.report.paper.figures import Figures

_TREATMENT = (
    "Additional against standard treatment within risk groups is the paper's analysis. Treatment was not randomised, "
    "and a score that contains the treatment groups patients by what is compared. The table also gives the weighted "
    "hazard ratio (IPTW), the difference of restricted means and the test of interaction. Curves and figures pool all "
    "hospitals, the training cohort among them, unless they say that they are stratified: a hospital then has a "
    "baseline hazard of its own, so that arms are compared within hospitals alone."
)
_BESIDE = (
    "Adjusted figures are beside it (docs/treatment.md). A marginal hazard ratio compares all patients under the one "
    "with all under the other treatment; a conditional one compares patients alike in all that is adjusted for, and "
    "lies further from 1: the two are not comparable. All adjust for the clinical variables, the hospital and the "
    "treatment-free score, and for nothing that is not recorded: the E-value says how strongly an unmeasured variable "
    "would have to go with both treatment and event to explain the effect."
)
_RADIOMICS = (
    "Nested AUC: the mean over folds of the training cohort of a signature that was chosen and fitted without the "
    "fold. Chosen in refits: share of the bootstrap refits of the whole chain whose signature has the feature."
)


def write(path: Path, analysis: Analysis, figures: Figures) -> None:
    """Writes the page.

    Args:
        path: `report.html`.
        analysis: what it shows.
        figures: that were drawn of it.
    """
    rules = [f"{name}: {rule}" for name, rule in analysis.provenance.rules.items()]
    rules += analysis.choice.notes()
    runs = tables.runs(analysis.provenance.runs)
    sections = [
        Section("Models", notes(analysis), {"AUC (95% interval)": tables.aucs(analysis)}, [figures.roc]),
        Section("Comparisons", _nested(analysis), {"Paired DeLong tests": tables.comparisons(analysis),
                                    "At Youden's threshold of the training cohort": tables.classification(analysis)}),
        Section("Negative controls", [*controls.text(analysis), *controls.notes(analysis)], _controls(analysis)),
        Section("Risk groups", (), {"High against low risk": tables.survival(analysis)}, [figures.risk_groups]),
        Section("Treatment", _treatment(analysis),
                {"Within risk groups": tables.treatment(analysis), **_beside(analysis)}, figures.treatment),
        Section("Regressions", (), {"Clinical variables, training cohort": tables.univariate(analysis),
                                    "Fitted models": tables.regression(analysis), **_arms(analysis)},
                figures.nomograms),
        Section("Patients", (), {"Table 2": tables.characteristics(analysis)}, [figures.flow]),
        Section("Variants", ["In square brackets the paper's figure."], {"Table 3": tables.variants(analysis)}),
        *_radiomics(analysis, figures.correlations),
        *searches(analysis.searches, figures.searches),
        Section("Where the figures come from", rules, {"Runs": runs}),
    ]  # fmt: skip
    write_page(path, f"{analysis.choices.cohort.name}: {analysis.choices.name}", sections)


def notes(analysis: Analysis) -> list[str]:
    """What a reader must know about the models, and which are left out."""
    return [
        *(f"{MODELS[name]}: {note}" for name, result in analysis.models.items() for note in result.model.notes),
        *(f"{MODELS[name]} is left out: {reason}" for name, reason in analysis.left_out.items()),
    ]


def _nested(analysis: Analysis) -> list[str]:
    """What the mark of nested models means, if there are such pairs."""
    return [f"Nested models on the training cohort: {NESTED}."] if any(c.nested for c in analysis.comparisons) else []


def searches(results: Sequence[SearchResult], figures: Sequence[Figure]) -> list[Section]:
    """Selection among settings and its optimism; nothing where there was no selection."""
    if not results:
        return []
    return [Section("Search", search.text(results), {"Selection and its optimism": search.table(results)}, figures)]


def _treatment(analysis: Analysis) -> list[str]:
    if analysis.treatment_note:
        return [analysis.treatment_note]
    return [_TREATMENT, *_circular(analysis), _BESIDE, *treatment_tables.notes(analysis)]


def _circular(analysis: Analysis) -> list[str]:
    names = [MODELS[name].lower() for name, effect in analysis.treatment.items() if effect.score_contains_treatment]
    if not names:
        return []
    return [
        f"Circular: the score contains the treatment ({', '.join(names)}). The groups are formed by what is compared; "
        "read those of the treatment-free score."
    ]


def _beside(analysis: Analysis) -> dict[str, pd.DataFrame]:
    made = {"Within risk groups of the treatment-free score": tables.treatment_free(analysis),
            "Adjusted": treatment_tables.adjusted(analysis), "Weights": treatment_tables.weights(analysis),
            "Balance": treatment_tables.balance(analysis)}  # fmt: skip
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
    made = {"Signatures": radiomic.signatures_table(found), "Features": radiomic.features_table(found)}
    return [Section("Radiomic signatures", [_RADIOMICS, *radiomic.notes(found)], made, figures)]
