"""Hashes of the content of images and outlines, cached so that unchanged files are not opened again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from filelock import FileLock
from joblib import Parallel, delayed

from npc.errors import InputError
from npc.files import make_folder, write_text
from npc.imaging.readers import image_files


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


def _stamp(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def _file_hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(text: str) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
