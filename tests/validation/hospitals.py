"""Hospitals without images: patients whose risks and outcomes are drawn, and a model that knows their hazard."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from npc.bundle.formula import Formula
from npc.bundle.predict import Predictions
from npc.bundle.read import Bundle
from npc.cohort.cohort import Cohort
from npc.validation.measure import Validation, measure

MONTHS = list(range(1, 97))
PLAIN = {
    "name": "deep_learning", "signatures": {"deep_learning": "k"}, "intercept": None, "coefficient": None,
    "variables": [], "fill": {}, "levels": {}, "threshold": 0.5, "cutoff": 0.5,
    "cox": {
        "coefficient": {"deep_learning": 2.0}, "centre": {"deep_learning": 0.5}, "months": MONTHS,
        "cumulative_hazard": [0.01 * month for month in MONTHS],
    },
}  # fmt: skip
ENDPOINT = {
    "kind": "binary", "event": "dm_event", "time": "dmfs_months", "months": None, "name": "distant metastasis",
    "survival": "DMFS",
}  # fmt: skip
BUNDLE = Bundle(
    {"model": "deep_learning", "title": "Deep-learning signature", "endpoint": ENDPOINT, "sequences": {}},
    Formula(PLAIN), {}, {}, "0" * 64,
)  # fmt: skip


def drawn(seed: int, n: int = 150, hazard: float = 1.0) -> pd.DataFrame:
    """`dmfs_months`, `dm_event` and `risk`; ids of this hospital."""
    rng = np.random.default_rng(seed)
    risk = rng.uniform(size=n)
    time = rng.exponential(1 / (0.01 * hazard * np.exp(2 * (risk - 0.5))))
    censored = rng.uniform(5, 90, n)
    index = pd.Index([f"QUILL{seed}-{i:03d}" for i in range(n)], name="patient_id")
    table = {"dmfs_months": np.minimum(time, censored), "dm_event": (time <= censored).astype(int), "risk": risk}
    return pd.DataFrame(table, index).assign(centre="A")


def measured(patients: pd.DataFrame, signature: float | pd.Series | None = None, **endpoint: object) -> Validation:
    """The figures of the model in these patients; the signature is the risk, or another beside an age."""
    bundle = replace(BUNDLE, about={**BUNDLE.about, "endpoint": {**ENDPOINT, **endpoint}})
    formula, risk = BUNDLE.formula, patients["risk"]
    table = pd.DataFrame({"risk": risk, "group": formula.group(risk)})
    design = pd.DataFrame({"deep_learning": risk if signature is None else signature}, index=risk.index)
    nothing = pd.DataFrame(index=patients.index)
    cohort = Cohort("ours", Path(), patients, ())
    return measure(bundle, cohort, Predictions(table, design, nothing, nothing), draws=100)
