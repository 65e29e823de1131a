"""What a hospital has told before of a model, so that nobody learns of one patient by the difference of two files.

The ledger lies beside the model and stays in the hospital. It has a salted hash of the outcome and risk of each
patient of each `aggregate.json`. A new one is refused if the patients who are new, or those who are gone, are fewer
than a cell.
"""

import hashlib
import json
import secrets
from collections import Counter
from pathlib import Path

import pandas as pd

from npc.errors import InputError
from npc.files import write_text


def enter(model: Path, patients: pd.DataFrame, smallest: int) -> None:
    """Enters the patients of an aggregate.

    Args:
        model: beside which the ledger lies.
        patients: `time`, `event` and `risk`.
        smallest: number of patients of a cell.

    Raises:
        InputError: they differ by a few patients from those of an earlier aggregate, or the ledger can't be read.
    """
    path = model.with_name(f"{model.name}.ledger.json")
    try:
        known = json.loads(path.read_text()) if path.exists() else {"salt": secrets.token_hex(16), "told": []}
        salt, told = str(known["salt"]), [Counter(of) for of in known["told"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path} can't be read as the ledger of the model; restore it from a copy") from None
    own = Counter(_hash(salt, *row) for row in patients[["time", "event", "risk"]].itertuples(index=False))
    for before in told:
        new, gone = (own - before).total(), (before - own).total()
        if not new and not gone:
            return
        if 0 < new < smallest or 0 < gone < smallest:
            raise InputError(
                f"{path}: an aggregate of this model was written whose patients differ by {max(new, gone)} from these "
                f"({new} new, {gone} gone), so the two would tell of single patients; send the earlier one, or wait "
                f"until {smallest} patients have been added"
            )
    write_text(path, json.dumps({"salt": salt, "told": [*told, own]}))


def _hash(salt: str, *values: object) -> str:
    return hashlib.sha256(repr((salt, *map(float, values))).encode()).hexdigest()  # type: ignore[arg-type]
