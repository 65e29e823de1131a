"""The slice store: every patient's network input, made once and shared by all runs.

One folder for each sequence and setting holds `rows.u8`, a uint8 array (rows, planes, size, size) that only ever grows,
`index.json`, which says in which row an input lies, and `images.json` with the hash of its image's voxels, by which one
image of two patients is found. An input's key is a hash of the content of its image and outline, so a changed file gets
a new row and an unchanged one is never read again. Rows beyond the index are the leftovers of a killed process and are
written over.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from filelock import FileLock

from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.errors import InputError
from npc.files import make_folder, write_text, writing
from npc.imaging.content import content_keys, digest, own_keys, read_json, repeated_images
from npc.imaging.input_settings import Preprocess
from npc.imaging.read_all import read_all
from npc.imaging.size import OutlineSize

RECIPE = 3  # raise it when the same input and settings give another row
SAVE_EVERY = 50  # rows between two writings of the index: what a kill can cost


@dataclass(frozen=True)
class Slices:
    """One sequence of a cohort as the network sees it.

    Attributes:
        array: uint8 (rows, planes, size, size), memory-mapped. Of three planes `slices=max` is the middle one.
        rows: row of each patient.
        hash: of the patients, their inputs' content and the settings.
        sizes: of each patient's outline, where the network reads it.
    """

    array: np.ndarray
    rows: dict[str, int]
    hash: str
    sizes: Mapping[str, OutlineSize] = field(default_factory=dict)


def open_store(folder: str | Path, cohort: Cohort, sequence: str, settings: Preprocess) -> Slices:
    """The slices of a cohort's sequence, built where they are not in the store yet.

    Args:
        folder: of all stores.
        cohort: patients without the sequence have no slices.
        sequence: whose images and outlines are read.
        settings: of the network's input.

    Raises:
        InputError: faults of the images, of all patients at once; two patients have the same image.
    """
    folder = Path(folder)
    settings_hash = _settings_hash(cohort, sequence, settings)
    if not cohort.studies(sequence):  # a masked network predicts patients without it
        nothing = np.zeros((0, settings.planes, settings.size, settings.size), np.uint8)
        return Slices(nothing, {}, _slices_hash(settings_hash, {}))
    home = folder / f"{sequence}-{settings_hash[:12]}"
    make_folder(home)
    studies = cohort.studies(sequence)
    keys, faults = _content_keys(folder, studies)
    index, images = _read_index(home, settings), read_json(home / "images.json")
    if faults or not set(keys.values()) <= index.keys() & images.keys():
        with FileLock(home / "lock"):
            faults += _build(home, studies, keys, settings)
        index, images = _read_index(home, settings), read_json(home / "images.json")
    found = [(study, images[key]) for study in studies if (key := keys.get(study.patient)) in images]
    repeated = repeated_images(found)
    if faults or repeated:
        summary = f"{len(faults)} of {len(studies)} studies ({sequence}) cannot be used" if faults else ""
        raise InputError([*sorted(faults), *repeated], summary)
    shape = (max(index.values()) + 1, settings.planes, settings.size, settings.size)
    array = np.memmap(home / "rows.u8", np.uint8, "r", shape=shape)
    rows = {patient: index[key] for patient, key in keys.items()}
    return Slices(array, rows, _slices_hash(settings_hash, keys))


def slices_hash(folder: str | Path, cohort: Cohort, sequence: str, settings: Preprocess) -> str:
    """What `open_store(...).hash` would be; nothing is built, and files that have not changed are not opened."""
    keys, _ = _content_keys(Path(folder), cohort.studies(sequence))
    return _slices_hash(_settings_hash(cohort, sequence, settings), keys)


def _content_keys(folder: Path, studies: Sequence[Study]) -> tuple[dict[str, str], list[str]]:
    """By patient."""
    keys, faults = content_keys(folder / "fingerprints.json", {study.patient: study.files for study in studies})
    return own_keys(keys, studies), faults


def _settings_hash(cohort: Cohort, sequence: str, settings: Preprocess) -> str:
    # a setting that does not apply is left out, so that settings which are added later keep the folders that there are
    chosen = {name: value for name, value in asdict(settings).items() if value is not None}
    choices = [RECIPE, chosen, *cohort.reading(sequence)]
    return digest(json.dumps(choices, sort_keys=True))


def _slices_hash(settings_hash: str, keys: Mapping[str, str]) -> str:
    return digest(json.dumps([settings_hash, sorted(keys.items())]))


def _build(home: Path, studies: Sequence[Study], keys: Mapping[str, str], settings: Preprocess) -> list[str]:
    """Makes the rows that are missing and gives the faults of those that cannot be made.

    The lock is held, so another process may have made them meanwhile.

    Args:
        home: folder of the sequence and settings.
        studies: of all patients.
        keys: hash of its content, by patient; a patient without key is left out.
        settings: of the network's input.
    """
    from npc.imaging.store_row import make_row  # what decodes images takes a second to import

    index, images = _read_index(home, settings), read_json(home / "images.json")
    by_key = {keys[study.patient]: study for study in studies if study.patient in keys}
    # A row without its image's hash is older than the checks of images, and is made again in its place.
    missing = [study for key, study in by_key.items() if key not in index or key not in images]
    title = f"Reading {studies[0].sequence} at {settings.size} pixels"
    faults: list[str] = []
    made = read_all(missing, partial(make_row, settings=settings), title, faults, ordered=False)
    file = home / "rows.u8"
    with writing(file), file.open("r+b" if file.exists() else "w+b") as rows:
        for done, (study, (row, image)) in enumerate(made, start=1):
            key = keys[study.patient]
            position = index.get(key, max(index.values(), default=-1) + 1)
            rows.seek(position * row.nbytes)
            rows.write(row.tobytes())
            index[key], images[key] = position, image
            if done % SAVE_EVERY == 0:
                _save(rows, home, index, images)
        _save(rows, home, index, images)
    return faults


def _save(rows: IO[bytes], home: Path, index: Mapping[str, int], images: Mapping[str, str]) -> None:
    """The rows and their images' hashes reach the disk before the index that names them."""
    rows.flush()
    os.fsync(rows.fileno())
    write_text(home / "images.json", json.dumps(images))
    write_text(home / "index.json", json.dumps(index))


def _read_index(home: Path, settings: Preprocess) -> dict[str, int]:
    """The rows that are there: an index may have outlived them (a copy cut short, a file cleaned away)."""
    rows = home / "rows.u8"
    whole = rows.stat().st_size // (settings.planes * settings.size**2) if rows.exists() else 0
    return {key: row for key, row in read_json(home / "index.json").items() if row < whole}
