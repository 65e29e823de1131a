"""The finished run folders of a cohort (DESIGN 3), whichever backend wrote them."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score

from npc.errors import InputError

COLUMNS = ["patient_id", "split", "label", "time", "event", "risk"]
SPLITS = ("train", "validation", "test")
METHODS = ("deep_learning", "radiomic")


@dataclass(frozen=True)
class Run:
    """One finished run.

    Attributes:
        path: `runs/<cohort>/<sequence>-<slices>/<run_key>`.
        method: `deep_learning` or `radiomic`.
        predictions: indexed by `patient_id`; `split`, `label`, `time`, `event`, `risk`.
        auc: of the internal validation cohort.
        loss: log loss of the internal validation cohort; infinite where the risk is no probability.
    """

    path: Path
    method: str
    predictions: pd.DataFrame
    auc: float
    loss: float

    @property
    def variant(self) -> str:
        """`<sequence>-<slices>`."""
        return self.path.parent.name

    @property
    def key(self) -> str:
        """The run key."""
        return self.path.name

    @property
    def out_of_fold(self) -> Path:
        """Risks of the training patients by refits that did not see them; written by `train.py folds=K`."""
        return self.path / "out_of_fold.csv"


def finished_runs(root: Path, cohort: str) -> tuple[list[Run], list[Path]]:
    """Every finished run of a cohort, and the folders that are not finished (no `DONE`).

    Args:
        root: `runs`.
        cohort: its name.

    Raises:
        InputError: there is none, or faults of their predictions, of all runs at once.
    """
    home = root / cohort
    folders = sorted(path for path in home.glob("*-*/*") if path.is_dir() and not path.name.startswith("."))
    unfinished = [path for path in folders if not (path / "DONE").exists()]
    runs: list[Run] = []
    faults: list[str] = []
    for path in folders:
        if path not in unfinished:
            try:
                runs.append(_read(path))
            except InputError as error:
                faults += error.faults
    if faults:
        raise InputError(faults, f"{home}: {len(faults)} faults in the predictions")
    if not runs:
        half = f" ({len(unfinished)} unfinished)" if unfinished else ""
        raise InputError(f"{home}: there is no finished run{half}; train one: python train.py cohort.name={cohort} ...")
    return runs, unfinished


def _read(path: Path) -> Run:
    predictions = read_predictions(path / "predictions.csv")
    config = path / "config.yaml"
    named = re.search(r"^method: *(\w+)", config.read_text(), re.MULTILINE) if config.exists() else None
    method = named[1] if named else "deep_learning"
    if method not in METHODS:
        raise InputError(f"{config}: method is {method}; it is one of {', '.join(METHODS)}")
    rows = predictions[predictions["split"] == "validation"]
    label, risk = rows["label"].to_numpy(), rows["risk"].to_numpy()
    if len(np.unique(label)) < 2:
        raise InputError(f"{path}: the internal validation cohort has one class only, so no run can be chosen by it")
    probable = ((risk >= 0) & (risk <= 1)).all()
    loss = float(log_loss(label, risk)) if probable else float("inf")
    return Run(path, method, predictions, float(roc_auc_score(label, risk)), loss)


def read_predictions(path: Path) -> pd.DataFrame:
    """`predictions.csv`, checked, indexed by `patient_id`.

    Raises:
        InputError: it is absent, not a table with these columns, or holds values that can't be.
    """
    try:
        table = pd.read_csv(path, dtype={"patient_id": str, "split": str}, float_precision="round_trip")
    except FileNotFoundError:
        raise InputError(f"{path} is missing although the run is finished; run it again with force=true") from None
    except (ValueError, OSError) as error:
        raise InputError(f"{path} can't be read as a table ({error}); run it again with force=true") from None
    absent = [column for column in COLUMNS if column not in table]
    if absent:
        raise InputError(f"{path}: no column {', '.join(absent)}; run it again with force=true")
    faults = [
        f"{path}, patient {', '.join(map(str, table.loc[wrong, 'patient_id'].head(5)))}"
        f"{' and others' if wrong.sum() > 5 else ''}: {said}"
        for wrong, said in (
            (table["patient_id"].isna() | table["patient_id"].duplicated(), "stands there twice, or without an id"),
            (~table["split"].isin(SPLITS), f"split is none of {', '.join(SPLITS)}"),
            (~table["label"].isin([0, 1]), "label is not 0 or 1"),
            (~table["event"].isin([0, 1]), "event is not 0 or 1"),
            (~_finite(table["time"]) | (_number(table["time"]) < 0), "time is not a number of months"),
            (~_finite(table["risk"]), "risk is not a finite number (did training diverge?)"),
        )
        if wrong.any()
    ]
    if faults:
        raise InputError(faults)
    return table[COLUMNS].astype({"label": int, "event": int, "time": float, "risk": float}).set_index("patient_id")


def _number(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce")


def _finite(column: pd.Series) -> pd.Series:
    return pd.Series(np.isfinite(_number(column).to_numpy(dtype=float)), column.index)
