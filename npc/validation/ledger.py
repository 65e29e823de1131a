"""Which aggregates of a model a hospital has made before, so that the difference of two does not show one patient.

The ledger lies beside the model and stays in the hospital. It has, of each `aggregate.json`, salted hashes of the ids
and of the outcomes of its patients: by both, since patients may be renamed, and may share an outcome. A new file is
refused if the patients who are new, or those who are gone, are fewer than a cell.
"""

import hashlib
import json
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from npc.errors import InputError
from npc.files import write_text

_KINDS = ("ids", "outcomes")


def enter(model: Path, patients: pd.DataFrame, smallest: int) -> None:
    """Enters the patients of an aggregate.

    Args:
        model: beside which the ledger lies.
        patients: `time` and `event`, indexed by `patient_id`.
        smallest: number of patients of a cell.

    Raises:
        InputError: they differ by a few patients from those of an earlier aggregate, or the ledger can't be read.
    """
    path = model.with_name(f"{model.name}.ledger.json")
    try:
        nothing: dict[str, Any] = {"salt": secrets.token_hex(16), "told": []}
        known = json.loads(path.read_text()) if path.exists() else nothing
        salt, told = str(known["salt"]), [{kind: Counter(of[kind]) for kind in _KINDS} for of in known["told"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path} can't be read as the ledger of the model; restore it from a copy") from None
    own = {
        "ids": Counter(_hash(salt, str(patient)) for patient in patients.index),
        "outcomes": Counter(
            _hash(salt, repr((float(time), int(event))))
            for time, event in zip(patients["time"], patients["event"], strict=True)
        ),
    }
    if own in told:
        return
    for before in told:
        for kind in _KINDS:
            new, gone = (own[kind] - before[kind]).total(), (before[kind] - own[kind]).total()
            if 0 < new < smallest or 0 < gone < smallest:
                raise InputError(
                    f"{path}: an aggregate of this model was written whose patients, by their {kind}, differ by a few "
                    f"({new} new, {gone} gone), so the two would tell of single patients; send the earlier one, or "
                    f"wait until {smallest} patients have been added"
                )
    write_text(path, json.dumps({"salt": salt, "told": [*told, own]}))


def _hash(salt: str, value: str) -> str:
    return hashlib.sha256(f"{salt} {value}".encode()).hexdigest()
