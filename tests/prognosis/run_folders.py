"""Finished run folders without any training: as another backend would have written them."""

from pathlib import Path

import numpy as np
import pandas as pd


def predictions(patients: pd.DataFrame, *, strength: float = 1.0, seed: int = 0) -> pd.DataFrame:
    """Risks of patients (`split`, `label`, `time`, `event`) that know the label as well as `strength` says."""
    rng = np.random.default_rng(seed)
    score = strength * (2 * patients["label"] - 1) + rng.standard_normal(len(patients))
    table = patients[["split", "label", "time", "event"]].assign(risk=1 / (1 + np.exp(-score)))
    return table.rename_axis("patient_id").reset_index()


def write_run(
    root: Path, table: pd.DataFrame, *, cohort: str = "ours", variant: str = "cet1-max", key: str = "a" * 12,
    config: str = "", done: bool = True,
) -> Path:  # fmt: skip
    """A run folder with what `evaluate.py` reads."""
    path = root / cohort / variant / key
    path.mkdir(parents=True)
    table.to_csv(path / "predictions.csv", index=False)
    (path / "config.yaml").write_text(config)
    if done:
        (path / "DONE").write_text("")
    return path


def population(n: int = 120, seed: int = 0) -> pd.DataFrame:
    """Patients with split and outcome, indexed by id."""
    rng = np.random.default_rng(seed)
    event = rng.integers(0, 2, n)
    split = np.array(["train"] * (n * 7 // 10) + ["validation"] * (n // 10))
    split = np.append(split, ["test"] * (n - len(split)))
    index = pd.Index([f"P{i:03d}" for i in range(n)], name="patient_id")
    return pd.DataFrame({"split": split, "label": event, "time": rng.uniform(1, 99, n), "event": event}, index)
