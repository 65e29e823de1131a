"""Predictions of a folder of images as JSON: the form in which challenges and containers give and want them.

INPUT/images/<sequence>/<patient>.mha          image (or .nii.gz, .nrrd)
INPUT/images/<sequence>-outline/<patient>.mha  outline on it; of a single patient the names may differ
INPUT/clinical.json                            {"<patient>": {"age": 54}}, where the model needs it
OUTPUT/predictions.json                        a list: patient, risk, group, ...
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from npc.bundle.python import Model
from npc.errors import InputError
from npc.files import write_text
from npc.imaging.volumes import SUFFIXES


def predict_folders(model: Path, source: Path, output: Path) -> list[dict[str, Any]]:
    """Predicts every patient of a folder and writes `predictions.json`.

    Args:
        model: a bundle, or the folder of a finished run.
        source: the folder of images.
        output: the folder to write.

    Returns:
        what was written.

    Raises:
        InputError: names what can't be used.
    """
    opened = Model(model)
    sequences = opened.bundle.sequences
    images = {name: _files(source / "images" / name) for name in sequences}
    outlines = {name: _files(source / "images" / f"{name}-outline") for name in sequences}
    patients = sorted(set[str]().union(*images.values()))
    if len(patients) == 1:  # a challenge gives each file a name of its own
        outlines = {name: {patients[0]: of} for name, found in outlines.items() for of in list(found.values())[:1]}
    faults = [
        f"{source / 'images' / folder}: no file of {patient}; give image and outline the same name"
        for patient in patients
        for folder, given in [
            *images.items(),
            *((f"{name}-outline", of) for name, of in outlines.items()),
        ]
        if patient not in given
    ]
    if not patients:
        faults = [f"{source / 'images'}: no image of {', '.join(sequences) or 'any sequence'}; put one folder for each"]
    if faults:
        raise InputError(faults)
    clinical = _clinical(source / "clinical.json")
    found = []
    for patient in patients:
        own = opened.predict(
            {name: images[name][patient] for name in sequences},
            {name: outlines[name][patient] for name in sequences},
            clinical.get(patient, clinical if len(patients) == 1 else {}),
        )
        found.append({"patient": patient, **asdict(own)})
    write_text(output / "predictions.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return found


def _files(folder: Path) -> dict[str, Path]:
    """By name without suffix."""
    if not folder.is_dir():
        return {}
    return {
        path.name[: -len(suffix)]: path
        for path in sorted(folder.iterdir())
        for suffix in SUFFIXES
        if path.name.lower().endswith(suffix)
    }


def _clinical(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f'{path}: can\'t be read as JSON of the form {{"<patient>": {{"age": 54}}}}; correct the file')
    return found
