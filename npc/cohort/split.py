"""Division of the patients into training, validation and test."""

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from npc.errors import InputError
from npc.files import write_text
from npc.names import SPLITS


def split(
    patients: pd.DataFrame,
    event: str,
    *,
    by: str,
    seed: int,
    validation: float,
    development: str | None = None,
    test: float = 0.0,
) -> pd.Series:
    """The split of each patient; the order of the rows does not matter.

    Args:
        patients: indexed by `patient_id`, with `centre` and `event`.
        event: the endpoint's column of 0 and 1.
        by: `by_centre` (the development centre is split into train and validation, the others are test) or
            `random` (fractions, stratified by the event).
        seed: of the draw.
        validation: the fraction of the development centre, or of all patients.
        development: the development centre; None is the one with the most patients (ties: the first by name).
        test: the fraction of all patients under `random`.

    Returns:
        train, validation or test, indexed and sorted by `patient_id`.

    Raises:
        InputError: an unknown centre, a fraction out of range, or too few patients in a split.
    """
    events = patients.sort_index()[event].astype(int)
    rng = np.random.default_rng(seed)
    if by == "by_centre":
        splits = _by_centre(patients.sort_index()["centre"], rng, validation, development)
    elif by == "random":
        splits = _random(events, rng, validation, test)
    else:
        raise InputError(f"split.by is '{by}'; choose by_centre or random")
    check_sizes(splits, events)
    return splits


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


def _by_centre(centres: pd.Series, rng: np.random.Generator, validation: float, development: str | None) -> pd.Series:
    if not 0 < validation < 1:
        raise InputError(f"split.validation is {validation}; choose a fraction between 0 and 1")
    sizes = centres.value_counts().sort_index()
    if len(sizes) == 1:
        raise InputError(
            f"split=by_centre: all {len(centres)} patients are from {sizes.index[0]}, so there is no other centre "
            "to test on; use split=random"
        )
    home = development_centre(centres, development)
    splits = pd.Series("test", index=centres.index, name="split", dtype=object)
    ids = centres.index[centres == home].to_numpy()
    splits[ids] = "train"
    splits[rng.permutation(ids)[: round(len(ids) * validation)]] = "validation"
    return splits


def _random(events: pd.Series, rng: np.random.Generator, validation: float, test: float) -> pd.Series:
    faults = [
        f"split.{key} is {fraction}; choose a fraction between 0 and 1"
        for key, fraction in (("validation", validation), ("test", test))
        if not 0 < fraction < 1
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
