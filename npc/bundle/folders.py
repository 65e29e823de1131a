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
from npc.errors import InputError
from npc.files import write_text
from npc.imaging.formats import VOLUMES


def predict_folders(model: Path, source: Path, output: Path) -> list[dict[str, Any]]:
    """Predicts every patient of a folder and writes `predictions.json`.

    Args:
        model: a bundle, or the folder of a finished run; one trained with `cohort.missing=mask` takes patients
            without some of its sequences.
        source: the folder of images.
        output: the folder to write.

    Returns:
        what was written.

    Raises:
        InputError: names what can't be used.
    """
    opened = Model(model)
    sequences = opened.bundle.sequences
    names = [*sequences, *map(_outline, sequences)]
    faults: list[str] = []
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
        f"{source / 'images' / name}: no file of {patient}; give image and outline the same name"
        for patient, own in given.items()
        for name in (*own, *map(_outline, own))
        if patient not in files[name]
    ]
    if not patients:
        faults = [f"{source / 'images'}: no image of {', '.join(sequences) or 'any sequence'}; put one folder for each"]
    if faults:
        raise InputError(faults)
    found = []
    for patient in patients:
        own = opened.predict(
            {name: files[name][patient] for name in given[patient]},
            {name: files[_outline(name)][patient] for name in given[patient]},
            clinical.get(patient, {}),
        )
        found.append({"patient": patient, **asdict(own)})
    write_text(output / "predictions.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return found


def _outline(sequence: str) -> str:
    """The folder of its outlines."""
    return f"{sequence}-outline"


def _files(folder: Path, faults: list[str]) -> dict[str, Path]:
    """By name without suffix; two files of one name are a fault."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        suffix = next((suffix for suffix in VOLUMES if path.name.lower().endswith(suffix)), None)
        if suffix is None or path.name.startswith("."):  # such as macOS's ._P1.nii.gz
            continue
        name = path.name[: -len(suffix)]
        if name in found:
            faults.append(f"{path}: {found[name].name} has the same name; leave one of them")
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
    faults += [f"{path}: there is no image of {name}; correct its name" for name in found if name not in patients]
    faults += [
        f'{path}: {name} is {json.dumps(value)}; write its variables as {{"age": 54}}'
        for name, value in found.items()
        if not isinstance(value, dict)
    ]
    return found
