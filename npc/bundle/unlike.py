"""What is unlike the training population: warnings, and values that can only be in another unit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from npc.bundle.formula import Formula
from npc.bundle.population import MEASURES, SHARE
from npc.cohort.clinical import Variable
from npc.errors import InputError
from npc.names import FEWEST

FAR = 0.5  # of the width of the range: a value may be so far beyond it without a warning
SAME = 0.1  # of the median: so much may a value differ where all training patients have about the same
ANOTHER_UNIT = 10  # times beyond the range: the median of a cohort is then in another unit
ANOTHER_SCALE = 100  # times apart, both median and upper limit: so is a variable that has 0 or many sizes
COLUMNS = ["patient_id", "variable", "value", "training", "warning"]


def check_units(population: Mapping[str, Any], patients: pd.DataFrame, variables: Sequence[Variable]) -> None:
    """Refuses continuous variables whose values are powers of ten away from those of the training cohort.

    The range of some variables begins at 0, such as that of EBV DNA, so that no value is far below it; in thousands, or
    as logarithms, the median of the values above 0 and their upper limit are a hundred times smaller all the same.

    Args:
        population: of the training cohort (`npc.bundle.population.summary`).
        patients: with the variables.
        variables: that the model needs.

    Raises:
        InputError: names each such variable.
    """
    faults = []
    for variable in variables:
        known = population["clinical"].get(variable.name)
        if variable.kind != "continuous" or not known or known["low"] is None:
            continue
        values = patients[variable.name].dropna()
        median = values.median()
        above = known["high"] > 0 and median > ANOTHER_UNIT * known["high"]
        below = 0 < median < known["low"] / ANOTHER_UNIT  # 0 is 0 in any unit
        if above or below or _is_scaled(values, known):
            faults.append(
                f"{variable.name}: the median is {median:g}, but most patients of the training cohort have "
                f"{known['low']:g} to {known['high']:g} ({variable.title}); is it in another unit? convert it; if "
                f"the unit is right, add --same-unit {variable.name} (in Python same_unit=['{variable.name}'])"
            )
    if faults:
        raise InputError(faults)


def _is_scaled(values: pd.Series, known: Mapping[str, Any]) -> bool:
    """Whether the median above 0 and the upper limit of a variable are far from those of training, on the same side."""
    above = values[values > 0]
    if len(above) < FEWEST:
        return False
    found = above.median(), values.quantile(1 - SHARE)
    training = known.get("median_above_0", known["median"]), known["high"]
    if min(*found, *training) <= 0:
        return False
    ratios = [own / other for own, other in zip(found, training, strict=True)]
    return min(ratios) >= ANOTHER_SCALE or max(ratios) <= 1 / ANOTHER_SCALE


def warnings(
    population: Mapping[str, Any], formula: Formula, patients: pd.DataFrame, measured: pd.DataFrame | None
) -> pd.DataFrame:
    """A row for each value that no or few training patients have: `COLUMNS`.

    Args:
        population: of the training cohort.
        formula: of the model, whose missing values are filled.
        patients: indexed by `patient_id`, with the clinical variables.
        measured: on their images (`npc.bundle.population.measures`).
    """
    rows = [*_clinical(population, formula, patients)]
    if measured is not None:
        rows += _images(population, measured)
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("patient_id", kind="stable").reset_index(drop=True)


def _clinical(population: Mapping[str, Any], formula: Formula, patients: pd.DataFrame) -> Iterator[list[Any]]:
    needed = {variable.name for variable in formula.variables}
    for name in needed:
        filled = formula.plain["fill"][name]
        for patient in patients.index[patients[name].isna()]:
            text = f"missing: the training cohort's median or most frequent level ({filled}) is used"
            yield [patient, name, "", str(filled), text]
    for name, known in population["clinical"].items():
        if name in patients:
            values = patients[name].dropna()
            if known["kind"] == "continuous":
                values = pd.to_numeric(values, errors="coerce").dropna()
                yield from _outside(name, values, known)
            else:
                yield from _unseen(name, values.astype(str), known)


def _images(population: Mapping[str, Any], measured: pd.DataFrame) -> Iterator[list[Any]]:
    for sequence, by_measure in population["images"].items():
        for measure, known in by_measure.items():
            if (sequence, measure) not in measured:
                continue
            values, name = measured[sequence, measure].dropna(), f"{sequence}: {MEASURES[measure]}"
            if measure == "field":
                yield from _unseen(name, values.map("{:g}".format), known)
            else:
                yield from _outside(name, values, known)


def _outside(name: str, values: pd.Series, known: Mapping[str, Any]) -> Iterator[list[Any]]:
    if known["low"] is None:
        return
    low, high = known["low"], known["high"]
    margin = max(FAR * (high - low), SAME * abs(known["median"]))
    for patient, value in values[(values < low - margin) | (values > high + margin)].items():
        side = "below" if value < low else "above"
        yield [patient, name, f"{value:g}", f"{low:g} to {high:g}", f"far {side} most patients of the training cohort"]


def _unseen(name: str, values: pd.Series, known: Mapping[str, Any]) -> Iterator[list[Any]]:
    seen = known["counts"]
    for patient, value in values[~values.isin(list(seen))].items() if seen else ():
        yield [patient, name, value, ", ".join(seen), "no patient of the training cohort has it"]
