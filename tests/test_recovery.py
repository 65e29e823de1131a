"""What the phantom shows is learned: AUC on 400 external patients against the oracle, which is known."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
SEED = 2024  # not one that anything was chosen on


def external_metrics(place: Path, *choices: str, external: int = 400) -> tuple[float, dict[str, float]]:
    """AUC on the external patients, and the oracles, of the default job on a phantom with 188 others."""
    shared = place.parent  # a phantom is drawn once for all sequences
    command = [sys.executable, "train.py", f"runs={place}/runs", f"store={shared}/store", f"cohort.root={shared}/data"]
    seeds = [f"cohort.seed={SEED}", f"seed={SEED}", f"split.seed={SEED}"]
    sizes = [f"cohort.n={188 + external}", f"cohort.external={external}"]
    subprocess.run([*command, *seeds, *sizes, *choices], cwd=ROOT, check=True, capture_output=True)
    (path,) = place.glob("runs/phantom/*/*/metrics.json")
    metrics = json.loads(path.read_text())
    assert metrics["n"] == {"train": 169, "validation": 19, "test": external}
    return metrics["auc"]["test"], metrics["oracle"]["test"]


@pytest.mark.slow
def test_cet1_reaches_seventy_percent_of_the_oracle_and_t2_less(tmp_path: Path):
    """Where size, texture and necrosis show the same, so that a ruler reaches it, too: something is learned."""
    few = "trainer.max_epochs=10", "cohort.signal_in=joint"
    cet1, oracle = external_metrics(tmp_path / "cet1", "sequence=cet1", *few)
    # of the whole truth, clinical variables included, although the images cannot show those
    assert cet1 >= 0.5 + 0.7 * (oracle["all"] - 0.5)
    t2, _ = external_metrics(tmp_path / "t2", "sequence=t2", *few)
    assert t2 < cet1


@pytest.mark.slow
def test_without_signal_nothing_is_learned(tmp_path: Path):
    auc, oracle = external_metrics(tmp_path / "none", "cohort.signal=0", "trainer.max_epochs=5")
    assert oracle["image"] == 0.5
    # The standard error of an AUC without signal on these 400 is 0.03: the AUC of a signature without signal is
    # outside these bounds for one seed in twenty.
    assert 0.44 <= auc <= 0.56


@pytest.mark.slow
def test_the_radiomic_signature_finds_size_and_texture(tmp_path: Path):
    choices = "method=radiomic", "slices=three", "radiomics.bootstrap=10"
    auc, oracle = external_metrics(tmp_path / "radiomic", *choices, external=200)
    assert auc >= 0.5 + 0.6 * (oracle["all"] - 0.5)
    run = next(tmp_path.glob("radiomic/runs/phantom/*/*/DONE")).parent
    table = pd.read_csv(run / "selection.csv", keep_default_na=False).set_index("feature")["dropped_by"]
    size = [f"cet1_original_shape_{name}" for name in ("VoxelVolume", "SurfaceArea", "MajorAxisLength")]
    # distinguished by the outcome; of redundant features the chain keeps one
    assert table[size].isin(["", "mrmr", "lasso", "aic"]).all()
    assert table.index[table == ""].str.contains("_(?:glcm|glrlm|glszm|gldm|ngtdm)_").any()
    risk = pd.read_csv(run / "predictions.csv", index_col="patient_id").query("split == 'test'")["risk"]
    (truth,) = tmp_path.glob("data/*/truth.csv")
    assert risk.corr(pd.read_csv(truth, index_col="patient_id")["cet1_shown"], method="spearman") > 0.6
