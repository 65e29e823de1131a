"""The mean of several networks: who learns from whom, and what is averaged."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from npc.cohort.analysed import analysed
from npc.cohort.load import load
from npc.config.key import run_folder, run_key
from npc.errors import InputError
from npc.imaging.store import open_store
from npc.run.folder import RunFolder
from npc.run.train import train
from npc.signature.ensemble import fit_ensemble, keep, members, train_members
from npc.signature.fit import TrainedNetwork, fit
from npc.signature.method import stored
from npc.signature.module import SignatureModule
from tests.bundle.handed_over import handed_over
from tests.prognosis.run_folders import population
from tests.signature.conftest import FinishedRun, Shared

ENSEMBLE = ["method=ensemble", "ensemble.folds=2", "ensemble.seeds=[3,4]", "trainer.max_epochs=2"]


@pytest.fixture(scope="module")
def config(shared: Shared, tmp_path_factory: pytest.TempPathFactory):
    return shared.compose(tmp_path_factory.mktemp("ensemble"), *ENSEMBLE)


@pytest.fixture(scope="module")
def averaged(config) -> FinishedRun:
    """A finished ensemble of two folds and two seeds."""
    train(config)
    return FinishedRun(run_folder(config))


@pytest.fixture(scope="module")
def patients(config) -> pd.DataFrame:
    return analysed(load(config.cohort, config.endpoint, ["cet1"]), config.endpoint, config.split)[0]


@pytest.fixture(scope="module")
def slices(config):
    return open_store(*stored(config, load(config.cohort, config.endpoint, ["cet1"]), "cet1"))


@pytest.mark.parametrize("validation", ["choose", "join"])
def test_no_network_learns_from_those_whose_risk_it_gives(shared, tmp_path, validation):
    settings = ["ensemble.folds=4", f"ensemble.validation={validation}", "ensemble.inner=0.25"]
    config = shared.compose(tmp_path, "method=ensemble", "ensemble.seeds=[3,4]", *settings)
    table = population(120)
    learning = table.index[table["split"].isin(["train", "validation"] if validation == "join" else ["train"])]
    made = list(members(config, RunFolder(tmp_path), table))
    assert [(member.seed, member.fold) for member in made] == [(seed, fold) for seed in (3, 4) for fold in (1, 2, 3, 4)]
    for seed in (3, 4):  # each patient who is learned from is held out once, by the same fold for every seed
        held_out = np.concatenate([member.held_out for member in made if member.seed == seed])
        assert sorted(held_out) == sorted(learning)
    for one, other in zip(made[:4], made[4:], strict=True):
        assert list(one.held_out) == list(other.held_out)
        assert not one.patients["split"].equals(other.patients["split"])  # another inner share
    for member in made:
        split = member.patients["split"]
        own, inner, rest = (table.index[split == name] for name in ("train", "validation", "test"))
        assert set(own) | set(inner) == set(learning) - set(member.held_out)
        assert set(rest) == set(table.index) - set(own) - set(inner)
        assert set(table.index[table["split"] == "test"]) <= set(rest)
        assert len(inner) == pytest.approx(0.25 * (len(own) + len(inner)), abs=1)
        shares = [table.loc[group, "label"].mean() for group in (own, inner, member.held_out)]
        assert np.ptp(shares) < 0.1  # stratified


def test_the_risk_is_the_mean_over_the_networks_that_did_not_learn_from_the_patient(
    averaged, config, patients, slices, tmp_path
):
    """Predicted here from the checkpoint, network by network."""
    saved = torch.load(averaged.model, weights_only=True)["members"]
    made = list(members(config, RunFolder(tmp_path), patients))
    assert len(saved) == len(made) == 4
    x = torch.from_numpy(np.stack([slices.array[slices.rows[patient], 1:2] for patient in patients.index]))
    risk = {}
    for member, state in zip(made, saved, strict=True):
        network = SignatureModule(**state["hyper_parameters"])
        network.load_state_dict(state["state_dict"])
        with torch.no_grad():
            risk[member.seed, member.fold] = network.eval()(x[:, None].float() / 255).numpy()
    risk = pd.DataFrame(risk, patients.index)
    own = averaged.predictions["risk"]
    unseen = patients.index[patients["split"] != "train"]
    np.testing.assert_allclose(own[unseen], risk.loc[unseen].mean(axis=1), rtol=1e-6)
    out_of_fold = pd.read_csv(averaged.out_of_fold, index_col="patient_id")
    assert sorted(out_of_fold.index) == sorted(patients.index[patients["split"] == "train"])
    for patient, row in out_of_fold.iterrows():
        assert row["risk"] == pytest.approx(risk.loc[patient, (slice(None), int(row["fold"]))].mean(), rel=1e-6)
    np.testing.assert_allclose(own[out_of_fold.index], out_of_fold["risk"], rtol=1e-12)


def test_a_bundle_gives_held_out_patients_the_bytes_of_the_run(averaged: FinishedRun, shared: Shared):
    """Training patients get the mean of all networks, which the run never gives."""
    words = ("cohort=phantom", "experiment=tiny", f"cohort.root={shared.phantom}", f"store={shared.store}")
    before = averaged.predictions
    found = handed_over(averaged.path, *words).loc[before.index, "risk"]
    unseen = before["split"] != "train"
    assert (found[unseen] == before.loc[unseen, "risk"]).all()
    assert (found[~unseen] != before.loc[~unseen, "risk"]).any()


def test_patients_held_out_and_the_validation_cohort_change_no_network(averaged, config, patients, slices, tmp_path):
    """The first network again, with another outcome for everybody whom it does not learn from."""
    member = next(members(config, RunFolder(tmp_path), patients))
    changed = member.patients.copy()
    others = changed["split"] == "test"
    changed.loc[others, "label"] = 1 - changed.loc[others, "label"]
    changed.loc[others, "time"] = changed.loc[others, "time"].to_numpy()[::-1]
    settings = config.copy()
    settings.seed = member.seed
    again = fit(settings, RunFolder(tmp_path / "again"), [slices], changed, logger=False)
    state = torch.load(again.checkpoint, weights_only=True)["state_dict"]
    first = torch.load(averaged.model, weights_only=True)["members"][0]["state_dict"]
    assert all(torch.equal(value, first[name]) for name, value in state.items())


@pytest.mark.slow
def test_an_interrupted_ensemble_trains_the_networks_that_are_missing(averaged, shared, patients, slices, tmp_path):
    config = shared.compose(tmp_path, *ENSEMBLE)
    run = RunFolder(run_folder(config))
    train(config)  # makes the folder as a run does; then all but two networks are lost
    again = run.path / "DONE"
    again.unlink()
    for count, (member, network) in enumerate(train_members(config, run, [slices], patients), start=1):
        keep(member, network, "binary")
        if count == 2:
            break
    before = (run.path / "train.log").read_text().count("network ")
    train(config)
    log = (run.path / "train.log").read_text().split("\n")
    named = [line.split("network ")[1][:6] for line in log if "network " in line][before:]
    assert named == ["3 of 4", "4 of 4"]
    assert (run.path / "predictions.csv").read_bytes() == (averaged.path / "predictions.csv").read_bytes()
    assert not run.checkpoints.exists()


@pytest.mark.slow
def test_without_an_inner_share_a_network_learns_from_all_of_its_folds(shared, patients, tmp_path):
    """No patient chooses its epoch: the AUC of the held-out patients is only logged, their risks are out of fold."""
    config = shared.compose(tmp_path, *ENSEMBLE, "ensemble.inner=0", "trainer.epoch=last", "ensemble.seeds=[3]")
    training = patients.index[patients["split"] == "train"]
    for member in members(config, RunFolder(tmp_path), patients):
        assert set(member.patients.index[member.patients["split"] == "train"]) == set(training) - set(member.held_out)
        assert set(member.unseen) == set(patients.index) - set(training) | set(member.held_out)
    train(config)
    run = FinishedRun(run_folder(config))
    assert np.isfinite(run.predictions["risk"]).all()
    assert len(pd.read_csv(run.path / "out_of_fold.csv")) == len(training)


@pytest.mark.slow
def test_validation_patients_who_join_have_out_of_fold_risks(shared, patients, tmp_path):
    config = shared.compose(tmp_path, *ENSEMBLE, "ensemble.seeds=[3]", "ensemble.validation=join")
    train(config)
    run = FinishedRun(run_folder(config))
    table = pd.read_csv(run.out_of_fold, index_col="patient_id")
    assert sorted(table.index) == sorted(patients.index[patients["split"] == "train"])
    assert run.predictions["risk"].notna().all()
    assert list(run.predictions["split"]) == list(patients["split"])


def test_cox_risks_of_the_networks_have_one_scale(shared, patients, tmp_path):
    """Adding a constant to all log hazards of a network changes its likelihood nothing, so none may come through."""
    config = shared.compose(tmp_path, *ENSEMBLE, "ensemble.seeds=[3]", "trainer.max_epochs=1", "endpoint=cox")
    member = next(members(config, RunFolder(tmp_path), patients))
    table = patients[["label", "time", "event"]].assign(split=member.patients["split"]).rename_axis("patient_id")
    risk = np.random.default_rng(0).normal(7, 1, len(table))
    written = []
    for offset in (0.0, 100.0):
        checkpoint = tmp_path / "best.ckpt"
        torch.save({"state_dict": {}}, checkpoint)
        member.home.mkdir(parents=True, exist_ok=True)
        keep(member, TrainedNetwork(table.assign(risk=risk + offset).reset_index(), 1, 1, checkpoint), "cox")
        written.append(pd.read_csv(member.risk, index_col="patient_id")["risk"])
    np.testing.assert_allclose(*written, atol=1e-9)
    assert torch.load(member.network, weights_only=True)["offset"] == pytest.approx(
        100 + risk[table["split"] == "train"].mean()
    )
    assert abs(written[0].mean()) < 1


@pytest.mark.slow
def test_a_networks_file_that_is_damaged_or_of_other_patients_is_named(averaged, shared, patients, slices, tmp_path):
    config = shared.compose(tmp_path, *ENSEMBLE, "ensemble.seeds=[3]", "trainer.max_epochs=1")
    run = RunFolder(run_folder(config))
    for member, network in train_members(config, run, [slices], patients):
        keep(member, network, "binary")
    whole = member.risk.read_text().splitlines(keepends=True)
    for lacking in ("", "".join(whole[:-1]), "".join([*whole[:-1], "another,0.5\n"])):  # of other patients
        member.risk.write_text(lacking)
        with pytest.raises(InputError, match="not the finite risks of the ensemble's"):
            fit_ensemble(config, run, [slices], patients)
    member.network.write_bytes(member.network.read_bytes()[:1000])
    assert [one.fold for one, _ in train_members(config, run, [slices], patients)] == [2]


def test_the_key_has_what_an_ensemble_reads(shared, tmp_path):
    def key(*overrides: str) -> str:
        return run_key(shared.compose(tmp_path, *overrides))

    assert key("method=ensemble") == key("method=ensemble", "ensemble.seeds=[0]", "seed=5")
    different = [["ensemble.folds=4"], ["ensemble.seeds=[0,1]"], ["ensemble.inner=0.3"], ["ensemble.validation=join"]]
    assert len({key("method=ensemble", *one) for one in [*different, ["network.batch_norm.momentum=0.5"], []]}) == 6
    assert key("ensemble.folds=4") == key()  # a single network does not read it


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (["folds=2"], "folds, refit: an ensemble has its out-of-fold risks already"),
        (["ensemble.seeds=[]"], "ensemble.seeds=\\[\\]: must be one or more different numbers"),
        (["ensemble.seeds=[1,1]"], "must be one or more different numbers"),
        (["ensemble.inner=0"], "ensemble.inner=0: without an inner share no patient can choose the epoch; set"),
        (["ensemble.inner=0.6"], "ensemble.inner=0.6: must be between 0 and 0.5"),
        (
            ["ensemble.folds=30"],
            "ensemble.folds=30 ensemble.inner=0.2: the training cohort has only [0-9]+ patients of",
        ),
    ],
)
def test_invalid_choices_are_reported(shared, tmp_path: Path, choices, message):
    with pytest.raises(InputError, match=message):
        train(shared.compose(tmp_path, "method=ensemble", *choices))
