"""Which hospitals of a cohort develop a model, and which test it."""

from collections.abc import Sequence

import pandas as pd

from npc.config.fields import is_number
from npc.config.values import hospitals, tested_hospitals
from npc.errors import InputError


def development_centre(centres: pd.Series, development: str | None = None) -> str:
    """The development centre: the one that is named, or the one with the most patients (ties: the first by name).

    Raises:
        InputError: there is no such centre.
    """
    sizes = centres.value_counts().sort_index()
    home = sizes.idxmax() if development is None else development
    if home not in sizes.index:
        raise InputError(f"split.development: there is no centre '{home}'; choose one of {', '.join(sizes.index)}")
    return str(home)


def sides(
    centres: pd.Series, events: pd.Series, development: str | Sequence[str] | None, test: float | Sequence[str]
) -> tuple[list[str], list[str]]:
    """The centres that develop, and those that test.

    Args:
        centres: of each patient.
        events: 0 or 1, on the same index.
        development: as for `split`.
        test: as for `split`.

    Raises:
        InputError: a centre that does not exist or is on both sides, or one whose patients are of one class where
            several develop or where the test centres are named.
    """
    home, away, there = hospitals(development), tested_hospitals(test), sorted(set(centres))
    faults = [
        f"split.{side}: there is no centre '{name}'; choose one of {', '.join(there)}"
        for side, named in (("development", home), ("test", away))
        for name in named
        if name not in there
    ]
    faults += [
        f"split.development and split.test both name {name}; a hospital trains or tests"
        for name in home
        if name in away
    ]
    if not away and is_number(test) and test:
        faults.append(
            f'split.test is {test:g}, a number; name hospitals, in quotes where they are numbers: ["{test:g}"]'
        )
    are_named = bool(away) or len(home) > 1
    if not home:
        home = [name for name in there if name not in away] if away else [development_centre(centres)]
    away = away or [name for name in there if name not in home]
    for side, names in (("development", home), ("test", away)) if are_named else ():
        of = events[centres.isin(names)]
        if len(of) and of.nunique() == 1:
            faults.append(
                f"split.{side}: all {len(of)} patients of {', '.join(names)} have {'the' if of.iloc[0] else 'no'} "
                "event, so there is no AUC; name another hospital, or one more"
            )
    if faults:
        raise InputError(faults)
    return home, away
