"""Hashes of the content of images and outlines, cached so that unchanged files are not opened again."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock

from npc.cohort.studies import Study
from npc.errors import InputError
from npc.files import make_folder, write_text
from npc.imaging.formats import image_files


def read_json(path: Path) -> dict:
    """The cached content; empty where it can't be read, since all of it can be computed again."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def content_keys(cache: Path, inputs: Mapping[str, Sequence[Path]]) -> tuple[dict[str, str], list[str]]:
    """Hash of the files of each patient, such as image and outline, and the faults of files that can't be found.

    Args:
        cache: `fingerprints.json`; files whose size and time have not changed since it was written are not opened.
        inputs: paths by name; a name with a missing path gets no key.
    """
    make_folder(cache.parent)
    known: dict[str, list] = read_json(cache)
    files: dict[Path, list[Path]] = {}
    faults: list[str] = []
    for path in dict.fromkeys(path for paths in inputs.values() for path in paths):
        try:
            files[path] = image_files(path)
        except InputError as error:
            faults += error.faults
    # cached under a hash, since names of DICOM files often contain the patient's name
    names = {file: digest(str(file)) for parts in files.values() for file in parts}
    stamps = {file: _stamp(file) for file in names}
    stale = [file for file, stamp in stamps.items() if known.get(names[file], [])[:2] != stamp]
    if stale:
        from joblib import Parallel, delayed  # known files need no import of it

        hashes = Parallel(n_jobs=-1, prefer="threads")(delayed(_file_hash)(file) for file in stale)
        fresh = {names[file]: [*stamps[file], content] for file, content in zip(stale, hashes, strict=True)}
        with FileLock(f"{cache}.lock"):
            known = read_json(cache) | fresh
            write_text(cache, json.dumps(known))

    def content(path: Path) -> str:
        # names within a folder only: a series copied to another folder has the same hash
        return digest(json.dumps([[file.name if path.is_dir() else "", known[names[file]][2]] for file in files[path]]))

    keys = {
        name: digest("".join(content(path) for path in paths))
        for name, paths in inputs.items()
        if all(path in files for path in paths)
    }
    return keys, faults


def own_keys(keys: Mapping[str, str], studies: Sequence[Study]) -> dict[str, str]:
    """The keys of outlines: of a patient whose ROI the table names, the key depends on that name, too.

    Args:
        keys: of `content_keys`, by patient, or by patient and reader (`P1/reader2`).
        studies: of all patients.
    """
    rois = {study.patient: study.roi for study in studies if study.has_own_roi}
    patients = {name: name.partition("/")[0] for name in keys}
    return {
        name: digest(json.dumps([key, rois[patients[name]]])) if patients[name] in rois else key
        for name, key in keys.items()
    }


def _stamp(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def _file_hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(text: str) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def voxels_hash(image: np.ndarray) -> str:
    """Hash of an image's voxels: the same for the same image in another format, folder or compression.

    Args:
        image: float32 (slice, row, column), axial.
    """
    content = hashlib.sha256(str(image.shape).encode())
    content.update(np.ascontiguousarray(image).data)
    return content.hexdigest()


def repeated_images(hashes: Iterable[tuple[Study, str]]) -> list[str]:
    """A fault for each image that several patients have as their own.

    One file that the table names twice is left to the check of the table (`npc.cohort.suspicious`).

    Args:
        hashes: studies with their image's `voxels_hash`.
    """
    by_content: dict[str, list[Study]] = {}
    for study, content in hashes:
        by_content.setdefault(content, []).append(study)
    return [
        _repeated(studies)
        for studies in by_content.values()
        if len({study.patient for study in studies}) > 1
        and len({os.path.realpath(study.image) for study in studies}) > 1
    ]


def _repeated(studies: Sequence[Study]) -> str:
    patients = list(dict.fromkeys(study.patient for study in studies))
    first, second = (next(study for study in studies if study.patient == patient) for patient in patients[:2])
    named = f"{', '.join(patients[:-1])} and {patients[-1]}"
    if len(patients) > 4:
        named = f"{', '.join(patients[:3])} and {len(patients) - 3} others"
    return (
        f"{second.image} holds the same image as {first.image}, voxel by voxel, though they are of different patients "
        f"({named}); give each patient the right image, or leave out the copies (cohort.exclude)."
    )
