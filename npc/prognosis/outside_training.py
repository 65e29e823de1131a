"""What a regression meets outside of its training cohort: values that are missing, and levels that it never saw."""

from collections.abc import Sequence

import pandas as pd

from npc.cohort.clinical import Variable


def filled_values(variables: Sequence[Variable], patients: pd.DataFrame, training: pd.Series) -> list[str]:
    """Notes on missing values, which take what `npc.prognosis.encoding` has learnt, in and outside of training.

    Args:
        variables: of the regression.
        patients: all.
        training: whether the regression was fitted to them.
    """
    notes = []
    for where, rows in (("in", patients[training]), ("outside of", patients[~training])):
        counts = {variable.title: int(rows[variable.name].isna().sum()) for variable in variables}
        if filled := [f"{title} ({n})" for title, n in counts.items() if n]:
            notes.append(
                f"missing {where} the training cohort and filled with its median or most frequent level: "
                f"{', '.join(filled)}"
            )
    return notes


def unseen_levels(variables: Sequence[Variable], patients: pd.DataFrame, training: pd.Series) -> list[str]:
    """Notes on levels that only patients outside of training have, with their number, and how they are counted.

    Args:
        variables: of the regression; continuous ones have no levels.
        patients: all.
        training: whether the regression was fitted to them.
    """
    notes = []
    for variable in variables:
        if variable.kind == "continuous":
            continue
        levels = patients[variable.name].cat.categories
        counts = {level: int((patients[variable.name] == level).sum()) for level in levels}
        seen = [level for level in levels if (patients.loc[training, variable.name] == level).any()]
        unseen = [f"{level} ({n})" for level, n in counts.items() if n and level not in seen]
        if unseen:
            counted = "counted by its rank" if variable.kind == "ordinal" else f"counted as {seen[0]}"
            notes.append(
                f"{variable.title}: {', '.join(unseen)} occurs outside of the training cohort alone; no coefficient "
                f"was learnt for it, and it is {counted}"
            )
    return notes
