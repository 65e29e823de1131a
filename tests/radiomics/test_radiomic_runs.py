"""Radiomic signatures as run folders: complete, repeatable, and fitted on the training cohort alone."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import torch
from omegaconf import DictConfig
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from npc.cohort.load import load
from npc.config.checks import check
from npc.config.key import run_folder
from npc.config.loading import compose
from npc.config.values import feature_settings
from npc.errors import InputError
from npc.phantom import source as phantom
from npc.prognosis.runs import finished_runs
from npc.prognosis.signature_validity import signature_nested_cv, signature_optimism
from npc.radiomics.extract import extract
from npc.run.train import train
from tests.bundle.handed_over import handed_over
from tests.commands import run_here
from tests.prognosis.run_folders import write_run

pytestmark = pytest.mark.slow  # they share runs that take half a minute

FITTED = ("signature.json", "selection.csv", "correlation.csv", "out_of_fold.csv", "refits.csv")
QUICK = (
    "method=radiomic", "radiomics.features.filters=[original]", "radiomics.bootstrap=4", "radiomics.nested=3",
    "radiomics.repeats=2", "radiomics.features.classes=[shape,firstorder,glcm]", "split.validation=0.2",
)  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort folder with ten patients outlined again."""
    root = tmp_path_factory.mktemp("radiomic") / "cohort"
    phantom.write(root, seed=11, n=50, external=15, matrix=32, signal=1.0, readers=10)
    return root


def choices(root: Path, *more: str, place: Path | None = None) -> DictConfig:
    place = place or root.parent
    where = [f"cohort.root={root}", f"runs={place}/runs", f"store={place}/store"]
    found = compose(["cohort=table", "cohort.name=ours", *where, *QUICK, *more])
    check(found)
    return found


def made(root: Path, *more: str, place: Path | None = None) -> Path:
    config = choices(root, *more, place=place)
    train(config)
    return run_folder(config)


def stored(root: Path) -> str:
    """For copies of the cohort: rows of the store are found by content, so that changed files alone are worked out."""
    return f"store={root.parent}/store"


@pytest.fixture(scope="module")
def run(root: Path) -> Path:
    return made(root)


def test_the_run_folder_has_the_files_of_a_network_run(run: Path, root: Path):
    assert {path.name for path in run.iterdir()} == {
        "config.yaml", "predictions.csv", "metrics.json", "model.ckpt", "train.log", "environment.json", "DONE",
        "splits.csv", "exclusions.csv", "outlines.csv", *FITTED,
    }  # fmt: skip
    assert run.parent == root.parent / "runs" / "ours" / "cet1-max"
    (found,), _ = finished_runs(root.parent / "runs", "ours")
    assert (found.method, len(found.predictions)) == ("radiomic", 50)
    metrics = json.loads((run / "metrics.json").read_text())
    for split, rows in found.predictions.groupby("split"):
        assert metrics["auc"][split] == pytest.approx(roc_auc_score(rows["label"], rows["risk"]))
    training = found.predictions.index[found.predictions["split"] == "train"]
    folds = pd.read_csv(run / "out_of_fold.csv", dtype={"patient_id": str}).set_index("patient_id")
    assert set(folds.index) == set(training)
    label = found.predictions["label"]
    aucs = [roc_auc_score(label[rows.index], rows["risk"]) for _, rows in folds.groupby("fold")]
    assert metrics["nested_auc"]["estimate"] == pytest.approx(np.mean(aucs))
    assert len(aucs) == 3
    refits = pd.read_csv(run / "refits.csv")
    bootstrap, repeated = refits[refits["refit"] == "bootstrap"], refits[refits["refit"] == "fold"]
    assert len(bootstrap) == 4
    assert repeated.groupby("number").size().to_dict() == {2: 3}
    assert signature_nested_cv(found).auc.values == pytest.approx((np.mean(aucs), repeated["auc"].mean()))
    boot = signature_optimism(found)
    assert boot.apparent == pytest.approx(metrics["auc"]["train"])
    assert boot.corrected == pytest.approx(boot.apparent - (bootstrap["auc"] - bootstrap["auc_training"]).mean())


def test_the_signature_explains_every_risk(run: Path, root: Path):
    """From features, coefficients and nothing else; by the JSON file and by the checkpoint."""
    signature = json.loads((run / "signature.json").read_text())
    config = choices(root)
    cohort = load(config.cohort, config.endpoint, ["cet1"])
    features = extract(cohort, "cet1", feature_settings(config), store=config.store).features["max"].add_prefix("cet1_")
    names = [feature["name"] for feature in signature["features"]]
    assert names
    weights = [feature["coefficient"] for feature in signature["features"]]
    predicted = pd.read_csv(run / "predictions.csv", dtype={"patient_id": str}).set_index("patient_id")["risk"]
    by_hand = expit(signature["intercept"] + features.loc[predicted.index, names] @ weights)
    np.testing.assert_allclose(by_hand, predicted, rtol=1e-12)
    model = torch.load(run / "model.ckpt", weights_only=True)
    values = torch.tensor(features.loc[predicted.index, model["features"]].to_numpy())
    np.testing.assert_allclose(torch.sigmoid(values @ model["coefficient"] + model["intercept"]), predicted, rtol=1e-12)


def test_a_bundle_gives_the_bytes_of_the_run(run: Path, root: Path):
    found = handed_over(run, "cohort=table", f"cohort.root={root}", stored(root))
    before = pd.read_csv(run / "predictions.csv", dtype={"patient_id": str}, float_precision="round_trip")
    assert (found.loc[before["patient_id"], "risk"].to_numpy() == before["risk"].to_numpy()).all()


def test_every_feature_is_accounted_for(run: Path):
    table = pd.read_csv(run / "selection.csv", keep_default_na=False).set_index("feature")
    signature = json.loads((run / "signature.json").read_text())
    kept = [feature["name"] for feature in signature["features"]]
    assert set(table.index[table["dropped_by"] == ""]) == set(kept)
    assert set(table["dropped_by"]) <= {"", "guard", "reproducible", "univariate", "mrmr", "lasso", "aic", "signature"}
    guarded = table[table["dropped_by"] == "guard"]
    assert (guarded["reason"] != "").all()
    assert "cet1_original_glcm_SumAverage" in guarded.index
    assert (guarded["chosen"] == 0).all()
    assert table["chosen"].isin([0, 0.25, 0.5, 0.75, 1]).all()
    assert [step["step"] for step in signature["steps"]][:2] == ["guard", "reproducible"]
    left = len(table)
    for step in signature["steps"]:
        left -= (table["dropped_by"] == step["step"]).sum()
        assert step["kept"] == left
    assert (table["dropped_by"] == "reproducible").any()
    correlation = pd.read_csv(run / "correlation.csv", index_col="feature")
    assert list(correlation.index) == list(correlation.columns) == kept


def test_the_same_choices_give_the_same_bytes(run: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By other processes too."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    again = made(root, "runs=elsewhere", f"runs={tmp_path}/runs", f"store={tmp_path}/store")
    assert again.name == run.name
    for name in ("predictions.csv", *FITTED):
        assert (again / name).read_bytes() == (run / name).read_bytes(), name


def test_a_finished_run_is_printed_again(run: Path, root: Path, capsys: pytest.CaptureFixture):
    before = (run / "predictions.csv").stat().st_mtime_ns
    made(root)
    assert (run / "predictions.csv").stat().st_mtime_ns == before
    assert "is complete; force=true" in capsys.readouterr().out


def test_the_run_key_does_not_depend_on_network_choices(run: Path, root: Path):
    assert run_folder(choices(root, "network=tiny", "optimizer.lr=0.5", "batch_size=2")) == run
    assert run_folder(choices(root, "radiomics.selection.mrmr=7")) != run
    deep = [run_folder(choices(root, "method=deep_learning", *more)) for more in ([], ["radiomics=sequential"])]
    assert deep[0] == deep[1] != run


def spoil(root: Path, patients: list[str]) -> None:
    """Other images, outlines (of all readers) and clinical values."""
    table = pd.read_csv(root / "patients.csv", dtype=str).set_index("patient_id")
    for patient in patients:
        for column in ("cet1_image", "cet1_mask", "cet1_mask_reader1b", "cet1_mask_reader2"):
            if not isinstance(path := table.loc[patient, column], str):
                continue
            if not (root / path).is_file() or not path.endswith(".nii.gz"):
                continue
            volume = sitk.ReadImage(root / path)
            values = sitk.GetArrayFromImage(volume)
            changed = values[:, ::-1] ** 2 if column == "cet1_image" else np.roll(values, 2, axis=2)
            spoilt = sitk.GetImageFromArray(np.ascontiguousarray(changed))
            spoilt.CopyInformation(volume)
            sitk.WriteImage(spoilt, root / path)
    for months in ("dmfs_months", "os_months"):
        table.loc[patients, months] = table.loc[patients, months].astype(float).add(7).astype(str)
    table.to_csv(root / "patients.csv")


def test_the_fit_does_not_depend_on_validation_or_test_patients(run: Path, root: Path, tmp_path: Path):
    table = pd.read_csv(run / "predictions.csv", dtype={"patient_id": str}).set_index("patient_id")
    others = list(table.index[table["split"] != "train"])
    copy = shutil.copytree(root, tmp_path / "cohort")
    spoil(copy, others)
    again = made(copy, stored(root), place=tmp_path)
    for name in FITTED:
        assert (again / name).read_bytes() == (run / name).read_bytes(), name
    risk = pd.read_csv(again / "predictions.csv", dtype={"patient_id": str}).set_index("patient_id")["risk"]
    assert (risk.drop(others) == table["risk"].drop(others)).all()
    assert (risk[others] != table.loc[others, "risk"]).sum() > len(others) / 2


def test_features_of_both_sequences_are_joined(root: Path):
    path = made(root, "sequence=both", "slices=three", "radiomics=sequential")
    features = pd.read_csv(path / "selection.csv")["feature"]
    assert {name.split("_")[0] for name in features} == {"cet1", "t2"}
    assert "cet1_original_shape_MeshVolume" in set(features)
    assert json.loads((path / "signature.json").read_text())["chain"] == ["univariate", "lasso", "aic"]


def test_combat_is_fitted_on_the_training_cohort(root: Path):
    path = made(root, "radiomics.combat=true")
    signature = json.loads((path / "signature.json").read_text())
    assert [step["step"] for step in signature["steps"]][1] == "harmonise"
    model = torch.load(path / "model.ckpt", weights_only=True)
    assert set(model["combat"]) == {"mean", "scale", "shift", "spread"}
    before = pd.read_csv(path / "predictions.csv", dtype={"patient_id": str}, float_precision="round_trip")
    found = handed_over(path, "cohort=table", f"cohort.root={root}", stored(root))
    np.testing.assert_allclose(found.loc[before["patient_id"], "risk"], before["risk"], rtol=1e-12)
    # the external hospital's scanner is not among the training cohort's
    assert all(name.split()[-1] == "T" for name in model["combat"]["shift"])


def test_an_unknown_scanner_is_reported(root: Path, tmp_path: Path):
    copy = shutil.copytree(root, tmp_path / "cohort")
    for sidecar in copy.rglob("cet1.json"):
        sidecar.unlink()
    with pytest.raises(InputError, match=r"radiomics\.combat=true: the scanner"):
        made(copy, "radiomics.combat=true", stored(root), place=tmp_path)


def test_fewer_events_than_folds_are_reported(root: Path):
    with pytest.raises(InputError, match=r"radiomics\.nested=40: the training cohort has only [0-9]+ patients of one"):
        made(root, "radiomics.nested=40")


def test_patients_without_features_are_excluded_from_the_run(root: Path, tmp_path: Path):
    copy = shutil.copytree(root, tmp_path / "cohort")
    table = pd.read_csv(copy / "patients.csv", dtype=str).set_index("patient_id")
    patient = next(p for p, path in table["cet1_mask"].items() if path.endswith(".nii.gz"))
    volume = sitk.ReadImage(copy / table.loc[patient, "cet1_mask"])
    values = sitk.GetArrayFromImage(volume) * 0
    values[values.shape[0] // 2, 5, 5] = 1
    pixel = sitk.GetImageFromArray(values)
    pixel.CopyInformation(volume)
    sitk.WriteImage(pixel, copy / table.loc[patient, "cet1_mask"])
    with pytest.raises(InputError, match=f"patient {patient}.*single pixel"):
        made(copy, stored(root), place=tmp_path)
    path = made(copy, "radiomics.missing=exclude", stored(root), place=tmp_path)
    assert patient not in (path / "predictions.csv").read_text()
    left_out = pd.read_csv(path / "exclusions.csv", dtype=str).set_index("patient_id")
    assert "single pixel" in left_out.loc[patient, "reason"]


def evaluate(root: Path, place: Path, *more: str) -> dict:
    where = [f"cohort.root={root}", f"runs={place}/runs", f"reports={place}/reports", "report.bootstrap=100",
             "prognosis.repeats=1", "prognosis.optimism=2"]  # fmt: skip
    done = run_here("evaluate.py", "cohort=table", "cohort.name=ours", *where, *more)
    assert done.returncode == 0, done.stderr
    return json.loads((place / "reports" / "ours" / "results.json").read_text())


def test_the_report_compares_methods_and_chains(run: Path, root: Path, tmp_path: Path):
    other = made(root, "radiomics=sequential")
    for path in (run, other):
        shutil.copytree(path, tmp_path / "runs" / "ours" / "cet1-max" / path.name)
    deep = pd.read_csv(run / "predictions.csv", dtype={"patient_id": str})
    deep["risk"] = np.random.default_rng(0).random(len(deep))
    write_run(tmp_path / "runs", deep)
    found = evaluate(root, tmp_path)
    chosen = {row["method"]: row["run_key"] for row in found["provenance"]["runs"]}
    assert chosen["radiomic"] in (run.name, other.name)
    predictions = pd.read_csv(tmp_path / "runs/ours/cet1-max" / chosen["radiomic"] / "predictions.csv")
    rows = predictions[predictions["split"] == "test"]
    auc = found["models"]["radiomic"]["test"]["auc"]["estimate"]
    assert auc == pytest.approx(roc_auc_score(rows["label"], rows["risk"]))
    assert "deep_learning__radiomic" in found["comparisons"]
    assert {(row["method"], row["slices"]) for row in found["table3"]} == {
        ("deep_learning", "max"),
        ("radiomic", "max"),
    }
    here = found["radiomics"]["cet1-max"]
    assert set(here["chains"]) == {"univariate+mrmr+lasso+aic", "univariate+lasso+aic"}
    names = [{feature["name"] for feature in of["features"]} for of in here["chains"].values()]
    (overlap,) = here["overlap"].values()
    assert set(overlap["shared"]) == names[0] & names[1]
    assert overlap["jaccard"] == pytest.approx(len(names[0] & names[1]) / len(names[0] | names[1]))
    page = (tmp_path / "reports" / "ours" / "report.html").read_text()
    assert "Radiomic signatures" in page
    tables = tmp_path / "reports" / "ours" / "tables"
    assert len(pd.read_csv(tables / "radiomic_signatures.csv")) == 2
    assert len(pd.read_csv(tables / "radiomic_features.csv")) == sum(map(len, names))
    maps = sorted(path.name for path in (tmp_path / "reports" / "ours" / "figures").glob("correlation_*.png"))
    assert len(maps) == sum(len(of["features"]) > 1 for of in here["chains"].values())


def test_the_combined_model_uses_out_of_fold_risks(run: Path, root: Path, tmp_path: Path):
    shutil.copytree(run, tmp_path / "runs" / "ours" / "cet1-max" / run.name)
    found = evaluate(root, tmp_path, "prognosis.significance=0.999")
    assert found["models"]["combined"]["notes"][0] == "fitted on out-of-fold signatures of the training cohort"
    assert "deep_learning" not in found["models"]
    assert set(found["validity"]) == {"combined", "radiomic", "clinical"}
    for model in found["validity"].values():
        assert 0 < model["nested_cv"]["auc"]["mean"] < 1
        assert model["optimism"]["corrected"] == model["optimism"]["apparent"] - model["optimism"]["optimism"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("radiomics.features.filters=[gabor]", "radiomics.features.filters"),
        ("radiomics.features.classes=[]", "radiomics.features.classes"),
        ("radiomics.features.sigma=[2]", "the filter log needs it"),
        ("radiomics.features.bin_width=5", "give bin_count or bin_width"),
        ("radiomics.selection.chain=[aic,aic]", "radiomics.selection.chain"),
        ("radiomics.selection.penalty=best", "must be one of min, 1se"),
        ("endpoint=cox", "a radiomic signature is a logistic regression"),
        ("folds=5", "out-of-fold risks already"),
    ],
)
def test_invalid_choices_are_reported(root: Path, wrong: str, message: str):
    with pytest.raises(InputError, match=message):
        choices(root, wrong)


def test_patients_censored_before_a_landmark_are_predicted_apart(root, tmp_path):
    table = pd.read_csv(root / "patients.csv", dtype={"patient_id": str}, index_col="patient_id")
    early = (table["dm_event"] == 0) & (table["dmfs_months"] < 30)
    assert early.any()
    path = made(root, "endpoint=landmark", "endpoint.months=30", stored(root), place=tmp_path)
    lost = pd.read_csv(path / "unlabelled.csv", dtype={"patient_id": str}, index_col="patient_id")
    predictions = pd.read_csv(path / "predictions.csv", dtype={"patient_id": str}, index_col="patient_id")
    assert set(lost.index) == set(table.index[early])
    assert set(predictions.index) == set(table.index[~early])
    assert lost["risk"].between(0, 1).all()
    assert set(lost["split"]) <= {"train", "validation", "test"}
