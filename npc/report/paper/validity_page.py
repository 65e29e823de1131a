"""The sections of `report.html` on subgroups, ablations and missing values."""

from collections.abc import Sequence

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.report.kit.page import Figure, Section
from npc.report.paper import validity_tables
from npc.report.paper.results_validity import CHOSEN, SUBGROUP_ESTIMAND, multiplicity

_IMPUTED = (
    "The models fill a missing value with the training cohort's median or most frequent level, so that every patient "
    "has a risk; beside it, coefficients over several imputations of the training cohort (Rubin's rules)."
)


def sections(analysis: Analysis, forest: Sequence[Figure]) -> list[Section]:
    """Those that there is something to say about."""
    made = []
    if len(table := validity_tables.subgroups(analysis)):
        warnings = [f"{MODELS[name]}: {multiplicity(found)}" for name, found in analysis.subgroups.items()]
        text = [f"{SUBGROUP_ESTIMAND[0].upper()}{SUBGROUP_ESTIMAND[1:]}.", *warnings]
        made.append(Section("Subgroups", text, {"By subgroup": table}, forest))
    if len(table := validity_tables.ablations(analysis)):
        made.append(Section("Ablations", [CHOSEN], {"Each variant against the chosen signature": table}))
    if len(table := validity_tables.missing(analysis)):
        note, imputed = analysis.missing.note, validity_tables.imputed(analysis)
        shown = {"Patients without a value": table, **({"Regressions": imputed} if len(imputed) else {})}
        made.append(Section("Missing values", [_IMPUTED, *([f"Here: {note}."] if note else [])], shown))
    return made
