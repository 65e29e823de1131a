"""Patients whose label is not known are predicted, and change no risk of the others."""

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from npc.frozen.fit import fit
from npc.run.folder import RunFolder
from npc.run.method import UNLABELLED
from npc.signature.ensemble import members


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    split = np.repeat(["train", "validation", "test", UNLABELLED], [60, 20, 20, 17])
    label = pd.array(np.where(split == UNLABELLED, -1, rng.integers(0, 2, 117)), "Int64")
    label[split == UNLABELLED] = pd.NA
    index = pd.Index([f"P{i:03}" for i in range(117)], name="patient_id")
    return pd.DataFrame({"split": split, "label": label, "time": rng.uniform(1, 60, 117), "event": 0}, index)


@pytest.mark.slow
def test_a_frozen_encoders_risks_are_the_same_with_and_without_them(patients):
    features = pd.DataFrame(np.random.default_rng(1).normal(size=(117, 12)), patients.index)
    config = OmegaConf.create({
        "endpoint": {"kind": "landmark"}, "encoder": {"folds": 3, "nested": 3}, "split": {"seed": 0}, "seed": 0,
    })  # fmt: skip
    labelled = patients[patients["split"] != UNLABELLED]
    alone = fit(features.loc[labelled.index], labelled, {}, config)
    found = fit(features, patients, {}, config)
    assert found.predictions.iloc[:100]["risk"].equals(alone.predictions["risk"])
    assert found.predictions["patient_id"].tolist() == patients.index.tolist()
    assert found.predictions["risk"].iloc[100:].nunique() == 17
    assert found.nested == alone.nested


def test_no_network_of_an_ensemble_learns_from_them_and_each_predicts_them(patients, tmp_path):
    config = OmegaConf.create({
        "ensemble": {"folds": 3, "seeds": None, "inner": 0.2, "validation": "join"}, "split": {"seed": 0}, "seed": 0,
    })  # fmt: skip
    lost = patients["split"] == UNLABELLED
    alone = list(members(config, RunFolder(tmp_path), patients[~lost]))
    for member, other in zip(members(config, RunFolder(tmp_path), patients), alone, strict=True):
        assert (member.patients.loc[lost, "split"] == UNLABELLED).all()
        assert member.patients.loc[~lost, "split"].equals(other.patients["split"])
        assert member.held_out.equals(other.held_out)
