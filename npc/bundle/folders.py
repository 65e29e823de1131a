"""Predictions of a folder of images as JSON: the form in which challenges and containers give and want them.

INPUT/images/<sequence>/<patient>.mha          image (or .nii.gz, .nrrd)
INPUT/images/<sequence>-outline/<patient>.mha  outline on it; of a single patient the names may differ
INPUT/clinical.json                            {"<patient>": {"age": 54}}, where the model needs it
OUTPUT/predictions.json                        a list: patient, risk, group, ...
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from npc.bundle.python import Model
from npc.errors import Fault, InputError
from npc.files import write_text
from npc.imaging.formats import VOLUMES
from npc.terminal import say

_BESIDE = (".json", ".txt", ".csv", ".md", ".db")  # what may lie beside images: sidecars, notes, Thumbs.db


def predict_folders(model: Path, source: Path, output: Path, same_unit: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Predicts every patient of a folder and writes `predictions.json`.

    Args:
        model: a bundle, or the folder of a finished run; one trained with `cohort.missing=mask` takes patients
            without some of its sequences.
        source: the folder of images.
        output: the folder to write.
        same_unit: as for `npc.bundle.predict.predict`.

    Returns:
        what was written.

    Raises:
        InputError: names what can't be used.
    """
    file = output / "predictions.json"
    file.unlink(missing_ok=True)  # of an earlier call: it must not be taken for this one's
    opened = Model(model)
    sequences = opened.bundle.sequences
    if not sequences:
        raise InputError(f"{model}: the model reads no image; predict a table with npc predict")
    names = [*sequences, *map(_outline, sequences)]
    faults: list[str] = []
    if others := _others(source / "images", names):
        say(f"npc: note: not read: {', '.join(others)}; the model reads {', '.join(names)}", error=True)
    files = {name: _files(source / "images" / name, faults) for name in names}
    masked = opened.bundle.is_masked
    used = [name for name in sequences if not masked or files[name] or files[_outline(name)]]
    needed = [*used, *map(_outline, used)]
    # Of a single patient a challenge gives each file a name of its own. Where sequences may be absent, files of several
    # sequences may be of several patients, and only their names tell.
    if needed and (not masked or len(used) == 1) and all(len(files[name]) == 1 for name in needed):
        (patient,) = files[needed[0]]
        files |= {name: dict.fromkeys([patient], *files[name].values()) for name in needed}
    patients = sorted(set[str]().union(*files.values()))
    clinical = _clinical(source / "clinical.json", patients, faults)
    given = {
        patient: [name for name in sequences if not masked or {patient} & {*files[name], *files[_outline(name)]}]
        for patient in patients
    }
    faults += [
        Fault(f"{source / 'images' / name}: no file of {patient}; give image and outline the same name", patient)
        for patient, own in given.items()
        for name in (*own, *map(_outline, own))
        if patient not in files[name]
    ]
    if not patients:
        faults.append(f"{source / 'images'}: no image of {', '.join(sequences)}; put one folder for each")
    if faults:
        raise InputError(faults)
    found = []
    for patient in patients:
        try:
            own = opened.predict(
                {name: files[name][patient] for name in given[patient]},
                {name: files[_outline(name)][patient] for name in given[patient]},
                clinical.get(patient, {}),
                same_unit=same_unit,
            )
        except InputError as error:
            faults += [Fault(f"{patient}: {fault}", patient) for fault in error.faults]
        else:
            found.append({"patient": patient, **asdict(own)})
    if faults:
        raise InputError(faults)
    write_text(file, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return found


def _outline(sequence: str) -> str:
    """The folder of its outlines."""
    return f"{sequence}-outline"


def _others(images: Path, names: Sequence[str]) -> list[str]:
    """Folders beside those that are read, such as `T2` for `t2`."""
    there = images.iterdir() if images.is_dir() else ()
    return sorted(path.name for path in there if path.is_dir() and path.name not in names)


def _files(folder: Path, faults: list[str]) -> dict[str, Path]:
    """By name without suffix; two files of one name are a fault, and so is what is no volume."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(".") or path.suffix.lower() in _BESIDE:  # such as macOS's ._P1.nii.gz
            continue
        suffix = next((suffix for suffix in VOLUMES if path.name.lower().endswith(suffix)), None)
        if suffix is None or path.is_dir():
            sentence = f"{path}: is no file of {', '.join(VOLUMES)}; convert it, or take it away"
            faults.append(Fault(sentence, path.name))
            continue
        name = path.name[: -len(suffix)]
        if name in found:
            other = found[name].name
            faults.append(Fault(f"{path}: {other} has the same name; leave one of them", path.name, [other]))
        found[name] = path
    return found


def _clinical(path: Path, patients: Sequence[str], faults: list[str]) -> Mapping[str, Mapping[str, Any]]:
    """Variables by patient; of a single patient also without its name."""
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        faults.append(f'{path}: can\'t be read as JSON of the form {{"<patient>": {{"age": 54}}}}; correct the file')
        return {}
    if len(patients) == 1 and not any(isinstance(value, dict) for value in found.values()):
        return {patients[0]: found}
    faults += [
        Fault(f"{path}: there is no image of {name}; correct its name", name) for name in found if name not in patients
    ]
    faults += [
        Fault(f'{path}: {name} is {json.dumps(value)}; write its variables as {{"age": 54}}', name, [json.dumps(value)])
        for name, value in found.items()
        if not isinstance(value, dict)
    ]
    return found
