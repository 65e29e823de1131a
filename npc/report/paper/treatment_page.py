"""The section on treatment of `report.html`."""

from collections.abc import Sequence

import pandas as pd

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.report.kit.page import Figure, Section
from npc.report.paper import tables, treatment_tables

_TREATMENT = (
    "Additional against standard treatment within risk groups is the paper's analysis. Treatment was not randomised, "
    "and a score that contains the treatment groups patients by what is compared. The table also gives the hazard "
    "ratio weighted by the clinical variables alone, with cut weights (IPTW), the difference of restricted means and "
    "the test of interaction. Curves and figures pool all hospitals, the training cohort among them, unless they say "
    "that they are stratified: a hospital then has a baseline hazard of its own, so that arms are compared within "
    "hospitals alone."
)
_BESIDE = (
    "Adjusted figures are beside it (docs/treatment.md). A marginal hazard ratio compares all patients under the one "
    "with all under the other treatment; a conditional one compares patients alike in all that is adjusted for, and "
    "lies further from 1: the two are not comparable. All adjust for the clinical variables, the hospital and the "
    "treatment-free score, and for nothing that is not recorded; their weights are not cut. The E-value says how "
    "strongly an unmeasured variable would have to be associated with both treatment and event to explain the effect. "
    "The regression that gives a model's score was fitted to the outcomes of the training patients, so that the "
    "interactions and the effect against the risk favour it there."
)


def section(analysis: Analysis, figures: Sequence[Figure]) -> Section:
    """The paper's comparison within risk groups, and what stands beside it."""
    made = {"Within risk groups": tables.treatment(analysis), **_beside(analysis)}
    return Section("Treatment", _text(analysis), made, figures)


def _text(analysis: Analysis) -> list[str]:
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
