"""Which aggregates of a model a hospital has made before, so that the difference of two does not show one patient.

The ledger lies beside the model and stays in the hospital. It has, of each `aggregate.json`, salted hashes of the ids,
the outcomes and the risks of its patients, and the choices by which cells are formed. A second file may have the same
patients, risks and choices, or none of these patients: any other two files differ by cells that may be small. Patients
who were given other ids are known by their outcomes, as long as most of the file is the same.
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
from npc.validation.aggregate import FORMAT

_REPLACE = "delete the earlier file wherever it was sent, and add --replace"


def enter(model: Path, patients: pd.DataFrame, smallest: int, horizon: float, *, replace: bool = False) -> None:
    """Enters the patients of an aggregate.

    Args:
        model: beside which the ledger lies.
        patients: `time`, `event` and `risk`, indexed by `patient_id`.
        smallest: number of patients of a cell.
        horizon: months, by which risks are put into bins.
        replace: earlier aggregates that may not stand beside this one were deleted by all who had them, and are
            forgotten.

    Raises:
        InputError: an earlier aggregate has some of these patients, or the ledger can't be read.
    """
    model = model.resolve()
    path = model.with_name(f"{model.name}.ledger.json")
    try:
        nothing: dict[str, Any] = {"salt": secrets.token_hex(16), "told": []}
        known = json.loads(path.read_text()) if path.exists() else nothing
        salt, told = str(known["salt"]), [dict(of) for of in known["told"]]
        before: list[dict[str, Counter[str]]] = [
            {"ids": Counter(of["ids"]), "outcomes": Counter(of["outcomes"]), "risks": Counter(of.get("risks", {}))}
            for of in told
        ]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path} can't be read as the ledger of the model; restore it from a copy") from None
    own = {
        "ids": Counter(_hash(salt, str(patient)) for patient in patients.index),
        "outcomes": Counter(
            _hash(salt, repr((float(time), int(event))))
            for time, event in zip(patients["time"], patients["event"], strict=True)
        ),
        "risks": Counter(
            _hash(salt, repr((float(time), int(event), f"{risk:.4g}")))
            for time, event, risk in zip(*(patients[name] for name in ("time", "event", "risk")), strict=True)
        ),
    }
    choices = {"smallest": smallest, "horizon": float(horizon), "format": FORMAT}
    reasons = [
        _refused(earlier, own, {name: of[name] for name in choices if name in of}, choices)
        for earlier, of in zip(before, told, strict=True)
    ]
    if not replace and (reason := next(filter(None, reasons), None)):
        raise InputError(f"{path}: {reason}")
    kept = [of for of, reason in zip(told, reasons, strict=True) if not reason]
    entry = {**own, **choices}
    if told != (found := kept if entry in kept else [*kept, entry]):
        write_text(path, json.dumps({"salt": salt, "told": found}))


def _refused(
    earlier: dict[str, Counter[str]], own: dict[str, Counter[str]], written: dict[str, Any], choices: dict[str, Any]
) -> str | None:
    """Why an aggregate may not be written beside an earlier one."""
    shared = (earlier["ids"] & own["ids"]).total()
    new, gone = ((one["outcomes"] - other["outcomes"]).total() for one, other in ((own, earlier), (earlier, own)))
    same = (earlier["ids"] == own["ids"] or not shared) and not new and not gone
    if same:
        if written == choices and earlier["risks"] == own["risks"]:
            return None
        if written == choices:
            changed = (own["risks"] - earlier["risks"]).total()
            return (
                f"an aggregate of these patients was written, and the risks of {changed} of them have changed since, "
                f"so the two would tell of single patients; send the earlier one, or {_REPLACE}"
            )
        if written.keys() != choices.keys() or written["format"] != FORMAT:
            return (
                "an aggregate of these patients was written by an earlier npc, whose cells had other limits, and other "
                f"cells of the same patients would tell of single ones; send that one, or {_REPLACE}"
            )
        options = " ".join(f"--{name} {value:g}" for name, value in written.items() if name != "format")
        return (
            f"an aggregate of these patients was written with {options}, and other cells of the same patients would "
            f"tell of single ones; use the same choices, or {_REPLACE}"
        )
    if shared:
        return (
            f"an aggregate of this model was written that has {shared} of these patients, so the two would tell of "
            f"single patients; send the earlier one, leave its patients out (cohort.exclude), or {_REPLACE}"
        )
    few, many = sorted(of["outcomes"].total() for of in (earlier, own))
    if min(new, gone) < choices["smallest"] and 2 * few >= many:  # of a small file chance may give the same outcomes
        return (
            f"an aggregate of this model was written whose patients differ by a few in their outcomes "
            f"({new} new, {gone} gone), so the two would tell of single patients; send the earlier one, or {_REPLACE}"
        )
    return None


def _hash(salt: str, value: str) -> str:
    return hashlib.sha256(f"{salt} {value}".encode()).hexdigest()
