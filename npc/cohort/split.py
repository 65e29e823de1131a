"""Division of the patients into training, validation and test."""

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from npc.cohort.centres import sides
from npc.config.fields import is_number
from npc.config.values import tested_hospitals
from npc.errors import InputError
from npc.files import write_text
from npc.names import LEAVE_ONE_OUT, SPLITS


def split(
    patients: pd.DataFrame,
    event: str,
    *,
    by: str,
    seed: int,
    validation: float,
    development: str | Sequence[str] | None = None,
    test: float | Sequence[str] = 0.0,
    stratify: bool = False,
) -> pd.Series:
    """The split of each patient; the order of the rows does not matter.

    Args:
        patients: indexed by `patient_id`, with `centre` and `event`.
        event: the endpoint's column of 0 and 1.
        by: `by_centre` (the development centres are split into train and validation, the others are test),
            `leave_one_centre_out` (the same with one test centre, all others develop) or `random` (fractions,
            stratified by the event).
        seed: of the draw.
        validation: the fraction of the development centres, or of all patients.
        development: the development centres; None is the one with the most patients (ties: the first by name), or
            all others than those of `test`, where it names any.
        test: the test centres, or 0 for all that do not develop; under `random` the fraction of all patients.
        stratify: whether the validation patients of `by_centre` are drawn with their share of the events.

    Returns:
        train, validation or test, indexed and sorted by `patient_id`; without the patients of centres that neither
        develop nor test.

    Raises:
        InputError: an unknown centre, a fraction out of range, or too few patients in a split.
    """
    events = patients.sort_index()[event].astype(int)
    rng = np.random.default_rng(seed)
    if by in ("by_centre", LEAVE_ONE_OUT):
        centres = patients.sort_index()["centre"].astype(str)
        if by == LEAVE_ONE_OUT and len(tested_hospitals(test)) != 1:
            raise InputError(f"split={LEAVE_ONE_OUT}: a run tests on one hospital; name it in split.test=[...]")
        home, away = sides(centres, events, development, test)
        if not (home and away):
            raise InputError(
                f"split={by}: all {len(centres)} patients are from {', '.join(home or away)}, so there is no other "
                "centre to test on; use split=random"
            )
        splits = _by_centre(centres[centres.isin([*home, *away])], events, home, rng, validation, stratify)
        events = events[splits.index]
    elif by == "random":
        splits = _random(events, rng, validation, test)
    else:
        raise InputError(f"split.by is '{by}'; choose by_centre, {LEAVE_ONE_OUT} or random")
    check_sizes(splits, events)
    return splits


def split_hash(splits: pd.Series) -> str:
    """SHA-256 of the sorted lines `patient_id,split`, in hexadecimal."""
    return hashlib.sha256(_lines(splits).encode()).hexdigest()


def outcome_hash(patients: pd.DataFrame) -> str:
    """SHA-256 of `label`, `time` and `event` of each patient, in hexadecimal."""
    return hashlib.sha256(patients[["label", "time", "event"]].to_csv().encode()).hexdigest()


def write_splits(splits: pd.Series, path: Path) -> None:
    """Write `patient_id,split`, sorted by patient."""
    write_text(path, "patient_id,split\n" + _lines(splits))


def _lines(splits: pd.Series) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(splits.items()))
    return text.getvalue()


def _by_centre(
    centres: pd.Series, events: pd.Series, home: list[str], rng: np.random.Generator, validation: float, stratify: bool
) -> pd.Series:
    if not 0 < validation < 1:
        raise InputError(f"split.validation is {validation}; choose a fraction between 0 and 1")
    splits = pd.Series("test", index=centres.index, name="split", dtype=object)
    ids = centres.index[centres.isin(home)].to_numpy()
    splits[ids] = "train"
    size = round(len(ids) * validation)
    if not stratify:
        splits[rng.permutation(ids)[:size]] = "validation"
        return splits
    by_outcome = [ids[events[ids].to_numpy() == outcome] for outcome in (0, 1)]
    for of, count in zip(by_outcome, _allocate(size, [len(of) / len(ids) for of in by_outcome]), strict=True):
        splits[rng.permutation(of)[:count]] = "validation"
    return splits


def _random(events: pd.Series, rng: np.random.Generator, validation: float, test: Any) -> pd.Series:
    faults = [
        f"split.{key} is {fraction}; choose a fraction between 0 and 1"
        for key, fraction in (("validation", validation), ("test", test))
        if not (is_number(fraction) and 0 < fraction < 1)
    ]
    if not faults and validation + test >= 1:
        faults = [
            f"split.validation and split.test are {validation} and {test}, which leaves no patients to train on; "
            "choose smaller fractions"
        ]
    if faults:
        raise InputError(faults)
    splits = pd.Series("train", index=events.index, name="split", dtype=object)
    for outcome in (0, 1):
        ids = events.index[events == outcome].to_numpy()
        counts = _allocate(len(ids), (1 - validation - test, validation, test))
        splits[rng.permutation(ids)] = np.repeat(list(SPLITS), counts)
    return splits


def _allocate(n: int, fractions: Sequence[float]) -> list[int]:
    """Divides n by the largest-remainder method; each empty part then gets one from the largest part.

    scikit-learn's stratified split rounds each class separately and may leave a split of a small cohort without events;
    with this method train, validation and test (in this order) have one as soon as there are enough.

    >>> _allocate(7, (0.7, 0.15, 0.15)), _allocate(3, (0.8, 0.1, 0.1))
    ([5, 1, 1], [1, 1, 1])
    """
    exact = [n * fraction for fraction in fractions]
    counts = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: counts[i] - exact[i])
    for i in by_remainder[: n - sum(counts)]:
        counts[i] += 1
    for i, count in enumerate(counts):
        if count == 0 and max(counts) > 1:
            counts[counts.index(max(counts))] -= 1
            counts[i] = 1
    return counts


def check_sizes(splits: pd.Series, events: pd.Series) -> None:
    """Refuses splits that are too small to train on, to validate on or to test on.

    Args:
        splits: train, validation or test of each patient.
        events: 0 or 1, on the same index.

    Raises:
        InputError: training or validation has one class only, or there are no test patients.
    """
    counts = {name: (int((splits == name).sum()), int(events[splits == name].sum())) for name in SPLITS}
    too_small = [name for name in ("train", "validation") if counts[name][1] in (0, counts[name][0])]
    if counts["test"][0] == 0:
        too_small.append("test")
    if too_small:
        sizes = ", ".join(f"{name} {n} ({with_event} with the event)" for name, (n, with_event) in counts.items())
        raise InputError(
            f"split: too few patients in {' and '.join(too_small)}: {sizes}. Train and validation need a patient with "
            "and one without the event, test needs a patient; give more patients, or change split.seed, "
            "split.validation or split.development"
        )
