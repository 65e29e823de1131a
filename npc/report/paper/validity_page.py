"""The sections of `report.html` on the validity of the choice, subgroups, ablations and missing values."""

from collections.abc import Sequence

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.prognosis.headline import FIGURES
from npc.report.kit import words
from npc.report.kit.page import Figure, Section
from npc.report.paper import validity_tables
from npc.report.paper.results_validity import CHOSEN, SUBGROUP_ESTIMAND, multiplicity
from npc.statistics import NotEstimable

_IMPUTED = (
    "The models fill a missing value with the training cohort's median or most frequent level, so that every patient "
    "has a risk; beside it, coefficients over several imputations of the training cohort (Rubin's rules)."
)
_VALIDITY = (
    "AUC in the training cohort of the whole way in which a model was made, with every step made again in each refit: "
    "the tests that choose clinical variables, encoding, values filled in, regression; the selection of radiomic "
    "features. Nested cross-validation: mean over the folds of a repeat, then over repeats. Corrected: apparent AUC "
    "less its optimism over bootstrap samples. In the combined model the out-of-fold signature stays what it is. A "
    "refit in which no variable is significant gives all patients the same risk, an AUC of 0.5."
)
_WITHIN = {True: "within hospitals", False: "among these patients"}


def headline(analysis: Analysis) -> list[str]:
    """The first model against chance, in a sentence for each figure."""
    found = analysis.headline
    written = []
    for name, one in found.figures.items():
        if isinstance(one, NotEstimable):
            continue
        low, high = (one.quantiles[share] for share in (0.025, 0.975))
        written.append(
            f"{MODELS[found.model]}, {analysis.splits[found.split]}: {FIGURES[name]} {one.estimate:.3f}. Under "
            f"{one.permutations} permutations of the outcomes {_WITHIN[found.hospitals > 1]}, with the risks as they "
            f"are, 95% of the values lie between {low:.3f} and {high:.3f}; {words.p_in_text(one.p)}, one-sided."
        )
    if written and found.split == "validation":
        written.append("The internal validation cohort chose the run, so its P values are too small.")
    return written


def choice(analysis: Analysis) -> list[Section]:
    """What the whole choice of the models is worth, where there is something to say about it."""
    table = validity_tables.validity(analysis)
    if table.empty:
        return []
    missing = [
        f"{MODELS[name]}, {title}: {reason}."
        for name, found in analysis.validity.items()
        for title, reason in (("nested cross-validation", found.nested_cv), ("bootstrap", found.optimism))
        if isinstance(reason, NotEstimable)
    ]
    return [Section("Validity of the whole choice", [_VALIDITY, *missing], {"Training cohort": table})]


def subgroups(analysis: Analysis, forest: Sequence[Figure]) -> list[Section]:
    """Of held-out patients, where there are some."""
    table = validity_tables.subgroups(analysis)
    if table.empty:
        return []
    warnings = [f"{MODELS[name]}: {multiplicity(found)}" for name, found in analysis.subgroups.items()]
    text = [f"{SUBGROUP_ESTIMAND[0].upper()}{SUBGROUP_ESTIMAND[1:]}.", *warnings]
    return [Section("Subgroups", text, {"By subgroup": table}, forest)]


def ablations(analysis: Analysis) -> list[Section]:
    """The variants against the signature, where there are several."""
    table = validity_tables.ablations(analysis)
    return [Section("Ablations", [CHOSEN], {"Each variant against the chosen signature": table})] if len(table) else []


def missing(analysis: Analysis) -> list[Section]:
    """Patients without a value, where there are some."""
    table = validity_tables.missing(analysis)
    if table.empty:
        return []
    note, imputed = analysis.missing.note, validity_tables.imputed(analysis)
    shown = {"Patients without a value": table, **({"Regressions": imputed} if len(imputed) else {})}
    return [Section("Missing values", [_IMPUTED, *([f"Here: {note}."] if note else [])], shown)]
