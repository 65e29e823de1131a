"""`predictions.csv` of a finished run, checked."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from npc.errors import InputError
from npc.names import SPLITS

LARGEST = float(np.finfo(np.float32).max)  # sums and squares of risks up to here are finite
TYPES: Any = {"patient_id": str, "split": str, "label": "int64", "time": float, "event": "int64", "risk": float}


def read_predictions(path: Path) -> pd.DataFrame:
    """`predictions.csv`, checked, indexed by `patient_id`.

    Raises:
        InputError: it is absent, not a table with these columns, or holds values that can't be.
    """
    try:
        table = pd.read_csv(path, dtype=TYPES, float_precision="round_trip")
    except FileNotFoundError:
        raise InputError(f"{path} is missing although the run is finished; run it again with force=true") from None
    except (ValueError, OSError) as error:
        raise InputError(f"{path} can't be read as predictions ({error}); run it again with force=true") from None
    absent = [column for column in TYPES if column not in table]
    if absent:
        raise InputError(f"{path}: no column {', '.join(absent)}; run it again with force=true")
    patients, split, label, time, event, risk = (table[column].to_numpy() for column in TYPES)
    wrong = {
        "patient_id is missing or not unique": table["patient_id"].isna() | table["patient_id"].duplicated(),
        f"split is none of {', '.join(SPLITS)}": ~np.isin(split, list(SPLITS)),
        "label is not 0 or 1": ~np.isin(label, (0, 1)),
        "event is not 0 or 1": ~np.isin(event, (0, 1)),
        "time is not a number of months": ~(np.isfinite(time) & (time >= 0)),
        "risk is not a finite number (did training diverge?)": ~np.isfinite(risk),
        f"risk is beyond {LARGEST:.0e}, the largest number of a network (did training diverge?)": np.isfinite(risk)
        & (abs(risk) > LARGEST),
    }
    faults = [f"{path}, {_named(patients[rows])}: {fault}" for fault, rows in wrong.items() if rows.any()]
    if faults:
        raise InputError(faults)
    return table.set_index("patient_id")


def log_losses(label: np.ndarray, risk: np.ndarray) -> np.ndarray:
    """Log loss of each patient; infinite where the risk is no probability."""
    if risk.min() < 0 or risk.max() > 1:
        return np.full(len(risk), np.inf)
    return -np.log(np.clip(np.where(label == 1, risk, 1 - risk), 1e-15, 1))


def _named(patients: np.ndarray) -> str:
    return f"patient {', '.join(map(str, patients[:5]))}{' and others' if len(patients) > 5 else ''}"
