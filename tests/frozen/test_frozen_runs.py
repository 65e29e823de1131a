"""Frozen-encoder signatures as run folders: complete, repeatable, and fitted on the training cohort alone."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest
import torch
from omegaconf import DictConfig, OmegaConf
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from torchvision import models

from npc.cohort.load import load
from npc.config.checks import check
from npc.config.key import run_folder, run_key
from npc.config.loading import is_group
from npc.config.values import run_sequences
from npc.errors import InputError
from npc.frozen.encoder import Encoder
from npc.frozen.fit import check_varying, fit
from npc.frozen.method import Frozen
from npc.frozen.regression import linear
from npc.prognosis import provenance
from npc.prognosis.runs import read_run
from npc.report.paper.tables import runs
from npc.run.folder import RunFolder
from npc.run.train import train
from npc.signature.method import DeepLearning
from tests.bundle.handed_over import handed_over
from tests.commands import run_here
from tests.config.composed import composed

QUICK = (
    "method=frozen", "experiment=tiny", "split.validation=0.25", "encoder=random", "encoder.model=resnet18",
    "encoder.input_size=32", "encoder.folds=2", "encoder.nested=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("frozen")


@pytest.fixture(scope="module")
def shared(home: Path, place: Path) -> tuple[str, ...]:
    return f"cohort.root={home}/phantoms", f"store={home}/store", f"runs={place}/runs"


def choices(*more: str) -> DictConfig:
    """Composing is slow: only groups are composed."""
    groups = [word for word in more if is_group(word.split("=")[0])]
    values = [word for word in more if word not in groups]
    found = cast(DictConfig, OmegaConf.merge(composed(*QUICK, *groups), OmegaConf.from_dotlist(values)))
    check(found)
    return found


def made(*more: str) -> Path:
    config = choices(*more)
    train(config)
    return run_folder(config)


@pytest.fixture(scope="module")
def run(shared: tuple[str, ...]) -> Path:
    return made(*shared)


def test_the_run_folder_has_the_files_of_a_network_run(run: Path):
    assert {path.name for path in run.iterdir()} == {
        "config.yaml", "predictions.csv", "metrics.json", "model.ckpt", "train.log", "environment.json", "DONE",
        "splits.csv", "exclusions.csv", "outlines.csv", "out_of_fold.csv",
    }  # fmt: skip
    found = read_run(run)
    metrics = json.loads((run / "metrics.json").read_text())
    assert found.method == "frozen"
    assert metrics["encoder"]["name"] == "resnet18 (torchvision)"
    assert metrics["encoder"]["source"] == "random weights, seed 0"
    assert metrics["features"] == 512
    folds = found.read_out_of_fold()
    label = found.predictions["label"]
    aucs = [roc_auc_score(label[rows.index], rows["risk"]) for _, rows in folds.groupby("fold")]
    assert metrics["nested_auc"]["estimate"] == pytest.approx(np.mean(aucs))
    assert len(aucs) == 2


def features(run: Path, shared: tuple[str, ...], *more: str) -> pd.DataFrame:
    """As the run computed them: the store has them."""
    config = choices(*shared, *more)
    patients = pd.read_csv(run / "predictions.csv", dtype={"patient_id": str}).set_index("patient_id")
    method = Frozen(config, load(config.cohort, config.endpoint, run_sequences(config)), RunFolder(run))
    method.prepare(patients)
    return method.features


@pytest.mark.parametrize("slices", ["max", "three", "all"])
def test_the_slices_are_those_of_a_networks_run(run: Path, shared: tuple[str, ...], slices: str):
    config, patients = choices(*shared, f"slices={slices}"), read_run(run).predictions
    cohort = load(config.cohort, config.endpoint, ["cet1"])
    frozen, network = (method(config, cohort, RunFolder(run)).inputs(patients) for method in (Frozen, DeepLearning))
    assert frozen.hashes == network.hashes


def test_the_checkpoint_explains_every_risk(run: Path, shared: tuple[str, ...]):
    model = torch.load(run / "model.ckpt", weights_only=True)
    found = read_run(run).predictions["risk"]
    values = features(run, shared).loc[found.index, model["features"]].to_numpy()
    np.testing.assert_allclose(expit(values @ model["coefficient"].numpy() + model["intercept"]), found, rtol=1e-9)


def test_a_bundle_gives_the_risks_of_the_run(run: Path, shared: tuple[str, ...]):
    """Byte for byte: the run, too, predicts by the coefficients that are handed over."""
    found, before = handed_over(run, "cohort=phantom", "experiment=tiny", *shared[:2]), read_run(run).predictions
    assert (found.loc[before.index, "risk"] == before["risk"]).all()


@pytest.mark.slow
def test_the_same_choices_give_the_same_bytes(run: Path, shared: tuple[str, ...], tmp_path: Path):
    """Though the features are computed again."""
    ignore = shutil.ignore_patterns("encoder-*", "*.lock", "lock", ".*")
    store = shutil.copytree(shared[1].removeprefix("store="), tmp_path / "store", ignore=ignore)
    again = made(*shared[:1], f"store={store}", f"runs={tmp_path}/runs")
    assert list(store.glob("encoder-*/*.npy"))
    assert again.name == run.name
    for name in ("predictions.csv", "out_of_fold.csv"):
        assert (again / name).read_bytes() == (run / name).read_bytes(), name


@pytest.mark.slow
def test_the_fit_does_not_depend_on_validation_or_test_patients(run: Path, shared: tuple[str, ...]):
    """Other images (features) and outcomes of these patients change no coefficient."""
    table, patients = features(run, shared), read_run(run).predictions
    before, risk = torch.load(run / "model.ckpt", weights_only=True), patients.pop("risk")
    others = patients["split"] != "train"
    table.loc[others] = np.random.default_rng(0).normal(size=(others.sum(), table.shape[1]))
    patients.loc[others, ["label", "event"]] = 1 - patients.loc[others, ["label", "event"]]
    spoilt = fit(table, patients, {}, choices(*shared))
    coefficient, intercept = linear(spoilt.regression)
    np.testing.assert_array_equal(coefficient, before["coefficient"])
    assert intercept == before["intercept"]
    assert spoilt.out_of_fold["risk"].to_dict() == read_run(run).read_out_of_fold()["risk"].to_dict()
    assert ((spoilt.predictions.set_index("patient_id")["risk"] == risk) == ~others).all()


@pytest.mark.slow
def test_a_patients_features_do_not_depend_on_the_others(run: Path, shared: tuple[str, ...], monkeypatch):
    whole = features(run, shared)
    monkeypatch.setattr(Encoder, "features", None)  # all of them are in the store: nothing is computed again
    assert (features(run, shared) == whole).all(axis=None)


@pytest.mark.slow
def test_three_slices_of_both_sequences_are_pooled_and_joined(run: Path, shared: tuple[str, ...], place: Path):
    both = made(*shared, f"runs={place}/both", "sequence=both", "slices=three")
    names = torch.load(both / "model.ckpt", weights_only=True)["features"]
    assert (names[0], names[-1], len(names)) == ("cet1_0", "t2_511", 1024)
    assert both.parent == place / "both" / "phantom" / "both-three"
    one, three = features(run, shared), features(both, shared, "sequence=both", "slices=three")
    assert not np.allclose(one, three[one.columns])


@pytest.mark.slow
def test_cox_regression_uses_the_time(run: Path, shared: tuple[str, ...], place: Path):
    cox = read_run(made(*shared, f"runs={place}/cox", "endpoint=cox")).predictions
    assert cox["risk"].min() < 0  # a log relative hazard
    risk = read_run(run).predictions["risk"]
    training = cox["split"] == "train"
    assert np.corrcoef(cox["risk"][training].rank(), risk.loc[cox.index][training].rank())[0, 1] > 0.5


@pytest.mark.slow
def test_features_that_do_not_vary_are_left_out_or_reported(run: Path, shared: tuple[str, ...]):
    config, table = choices(*shared), features(run, shared)
    patients = read_run(run).predictions.drop(columns="risk")
    table["cet1_0"] = 1.0
    fitted = fit(table, patients, {}, config)
    constant = sum(table.loc[patients["split"] == "train"].nunique() == 1)
    assert 1 <= constant < 512
    assert fitted.notes[0].startswith(f"{constant} of 512 features are left out")
    by_steps = fitted.regression.predict_proba(table.loc[patients.index])[:, 1]
    np.testing.assert_allclose(fitted.predictions["risk"], by_steps, rtol=1e-9)
    table[:] = 1.0
    with pytest.raises(InputError, match="each of its 512 features is the same"):
        check_varying(table, patients.index)


@pytest.mark.slow
def test_the_report_shows_the_signature_and_its_encoder(run: Path, shared: tuple[str, ...], place: Path):
    root = [word for word in shared if word.startswith(("cohort.root", "runs"))]
    tiny = ["cohort.n=60", "cohort.matrix=32"]
    done = run_here("evaluate.py", *root, *tiny, f"reports={place}/reports", "report.bootstrap=100",
                    "prognosis.repeats=0", "prognosis.optimism=0")  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = place / "reports" / "phantom"
    found = json.loads((report / "results.json").read_text())
    rows = read_run(run).predictions.query("split == 'test'")
    auc = found["models"]["frozen"]["test"]["auc"]["estimate"]
    assert auc == pytest.approx(roc_auc_score(rows["label"], rows["risk"]))
    assert "verdict" in found["controls"]["frozen"]
    assert found["provenance"]["runs"][0]["encoder"]["licence"] == "none needed"
    page = (report / "report.html").read_text()
    assert "Frozen-encoder signature" in page
    assert "resnet18 (torchvision); source: random weights, seed 0; licence: none needed" in page


def test_the_encoder_is_shown_where_the_run_is_listed(run: Path):
    used = provenance._used(read_run(run))
    assert used.encoder == json.loads((run / "metrics.json").read_text())["encoder"]
    written = "resnet18 (torchvision); source: random weights, seed 0; licence: none needed"
    assert list(runs([used, replace(used, encoder=None)], {})["Encoder"]) == [written, ""]


@pytest.mark.slow
def test_the_run_key_depends_on_what_the_method_reads(tmp_path: Path):
    key = run_key(choices())
    assert run_key(choices("network.join=mean", "optimizer.lr=0.5", "batch_size=2", "trainer.threads=1")) == key
    assert run_key(choices("encoder.licence=CC0")) == key
    assert (
        len({key, *(run_key(choices(other)) for other in ("encoder.model=resnet34", "preprocess=roi_crop", "seed=1"))})
        == 4
    )
    state = models.shufflenet_v2_x0_5(weights=None).state_dict()
    torch.save(state, tmp_path / "a.pth")
    shutil.copy(tmp_path / "a.pth", tmp_path / "b.pth")
    one, same = (run_key(choices(f"encoder.weights={tmp_path}/{name}")) for name in ("a.pth", "b.pth"))
    torch.save({name: value + 1 for name, value in state.items()}, tmp_path / "b.pth")
    assert one == same != run_key(choices(f"encoder.weights={tmp_path}/b.pth"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("endpoint.kind=hazard", "endpoint.intervals=3"), "use endpoint=binary, landmark or cox"),
        (("endpoint.class_weight=true",), "without class_weight"),
        (("folds=5",), "a frozen-encoder run has its out-of-fold risks already"),
        (("encoder.dimensions=3",), "use encoder.library=monai"),
        (("encoder.channels=1",), "take 3 channels"),
        (("encoder.mean=[0.5]",), "give a number for each of the 3 channels"),
        (("encoder.weights=null",), "encoder.weights: no value"),
    ],
)
def test_invalid_choices_are_reported(wrong: tuple[str, ...], message: str):
    with pytest.raises(InputError, match=message):
        choices(*wrong)


def test_fewer_events_than_folds_are_reported(shared: tuple[str, ...]):
    with pytest.raises(InputError, match=r"encoder.nested=30, encoder.folds=2: the training cohort has only \d+ pat"):
        made(*shared, "encoder.nested=30")
