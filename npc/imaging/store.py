"""The slice store: every patient's network input, made once and shared by all runs.

One folder for each sequence and setting holds `rows.u8`, a uint8 array (rows, 3, size, size) that only ever grows,
and `index.json`, which says in which row an input lies. An input's key is a hash of the content of its image and
outline, so a changed file gets a new row and an unchanged one is never read again. Rows beyond the index are the
leftovers of a killed process and are written over.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import numpy as np
from filelock import FileLock
from joblib import Parallel, delayed
from rich.progress import track

from npc.cohort.cohort import Cohort
from npc.errors import InputError
from npc.files import make_folder, write_text
from npc.imaging.content import content_keys, digest, read_json
from npc.imaging.preprocess import Preprocess, network_input
from npc.imaging.readers import read_study

RECIPE = 2  # raise it when the same input and settings give another row
SAVE_EVERY = 50  # rows between two writings of the index: what a kill can cost


@dataclass(frozen=True)
class Slices:
    """One sequence of a cohort as the network sees it.

    Attributes:
        array: uint8 (rows, 3, size, size), memory-mapped; `slices=max` is channel 1.
        rows: row of each patient.
        hash: of the patients, their inputs' content and the settings.
    """

    array: np.ndarray
    rows: dict[str, int]
    hash: str


def open_store(
    folder: str | Path,
    cohort: Cohort,
    sequence: str,
    settings: Preprocess,
    label: int | None = None,
    roi: str | None = None,
) -> Slices:
    """The slices of a cohort's sequence, built where they are not in the store yet.

    Args:
        folder: of all stores.
        cohort: every patient has the sequence.
        sequence: whose images and outlines are read.
        settings: of the network's input.
        label: value of the outline in a mask; None for any non-zero.
        roi: name of the outline in an RTSTRUCT; None if it is the only one.

    Raises:
        InputError: faults of the images, of all patients at once.
    """
    folder = Path(folder)
    settings_hash = _settings_hash(settings, label, roi, cohort.by_index)
    home = folder / f"{sequence}-{settings_hash[:12]}"
    make_folder(home)
    inputs = _inputs(cohort, sequence)
    keys, faults = content_keys(folder / "fingerprints.json", inputs)
    index = _read_index(home, settings)
    if faults or not set(keys.values()) <= index.keys():
        with FileLock(home / "lock"):
            faults += _build(
                home,
                {key: inputs[patient] for patient, key in keys.items()},
                settings,
                label,
                roi,
                cohort.by_index,
                sequence,
            )
        if faults:
            raise InputError(sorted(faults), f"{len(faults)} of {len(inputs)} studies ({sequence}) cannot be used")
        index = _read_index(home, settings)
    shape = (max(index.values()) + 1, 3, settings.size, settings.size)
    array = np.memmap(home / "rows.u8", np.uint8, "r", shape=shape)
    rows = {patient: index[key] for patient, key in keys.items()}
    return Slices(array, rows, _slices_hash(settings_hash, keys))


def slices_hash(
    folder: str | Path,
    cohort: Cohort,
    sequence: str,
    settings: Preprocess,
    label: int | None = None,
    roi: str | None = None,
) -> str:
    """What `open_store(...).hash` would be; nothing is built, and files that have not changed are not opened."""
    keys, _ = content_keys(Path(folder) / "fingerprints.json", _inputs(cohort, sequence))
    return _slices_hash(_settings_hash(settings, label, roi, cohort.by_index), keys)


def _inputs(cohort: Cohort, sequence: str) -> dict[str, tuple[Path, Path]]:
    """Image and outline of each patient."""
    root = cohort.root.resolve()
    return {
        str(patient): (root / row[f"{sequence}_image"], root / row[f"{sequence}_mask"])
        for patient, row in cohort.patients.iterrows()
    }


def _settings_hash(settings: Preprocess, label: int | None, roi: str | None, by_index: bool) -> str:
    return digest(json.dumps([RECIPE, asdict(settings), label, roi, by_index], sort_keys=True))


def _slices_hash(settings_hash: str, keys: Mapping[str, str]) -> str:
    return digest(json.dumps([settings_hash, sorted(keys.items())]))


def _build(
    home: Path,
    inputs: Mapping[str, tuple[Path, Path]],
    settings: Preprocess,
    label: int | None,
    roi: str | None,
    by_index: bool,
    sequence: str,
) -> list[str]:
    """Makes the rows that are missing and gives the faults of those that cannot be made.

    The lock is held, so another process may have made them meanwhile.
    """
    index = _read_index(home, settings)
    missing = [key for key in inputs if key not in index]
    work = Parallel(n_jobs=-1, return_as="generator_unordered", mmap_mode=None)(
        delayed(_make_row)(key, *inputs[key], settings, label, roi, by_index) for key in missing
    )
    faults: list[str] = []
    with (home / "rows.u8").open("r+b" if (home / "rows.u8").exists() else "w+b") as rows:
        bar = track(work, f"Reading {sequence} at {settings.size} pixels", total=len(missing), transient=True)
        for done, (key, row) in enumerate(bar, start=1):
            if isinstance(row, InputError):
                faults += row.faults
                continue
            position = max(index.values(), default=-1) + 1
            rows.seek(position * row.nbytes)
            rows.write(row.tobytes())
            index[key] = position
            if done % SAVE_EVERY == 0:
                _save(rows, home, index)
        _save(rows, home, index)
    return faults


def _make_row(
    key: str, image: Path, mask: Path, settings: Preprocess, label: int | None, roi: str | None, by_index: bool
) -> tuple[str, np.ndarray | InputError]:
    """Runs in a worker process; a fault comes back as a value so that all are told at once."""
    try:
        study = read_study(image, mask, label=label, roi=roi, by_index=by_index)
        return key, network_input(study.image, study.mask, settings, study.spacing[1:])[0]
    except InputError as error:
        return key, InputError([fault if str(mask) in fault or str(image) in fault else f"{mask}: {fault}"
                                for fault in error.faults])  # fmt: skip


def _save(rows: IO[bytes], home: Path, index: Mapping[str, int]) -> None:
    """The rows reach the disk before the index that speaks of them."""
    try:
        rows.flush()
        os.fsync(rows.fileno())
    except OSError as error:  # of a write it does not name the file
        raise OSError(error.errno, error.strerror, str(home / "rows.u8")) from error
    write_text(home / "index.json", json.dumps(index))


def _read_index(home: Path, settings: Preprocess) -> dict[str, int]:
    """The rows that are there: an index may have outlived them (a copy cut short, a file cleaned away)."""
    rows = home / "rows.u8"
    whole = rows.stat().st_size // (3 * settings.size**2) if rows.exists() else 0
    return {key: row for key, row in read_json(home / "index.json").items() if row < whole}
