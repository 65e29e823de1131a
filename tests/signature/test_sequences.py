"""Any sequences of a cohort, and patients who lack some of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from npc.config.key import run_folder
from npc.config.loading import checked
from npc.errors import InputError
from npc.imaging.store import Slices
from npc.run.train import train
from npc.signature.data import DROPPED, SliceDataset
from npc.signature.endpoints import Outcome
from npc.signature.module import SignatureModule
from tests import three_sequences
from tests.config.composed import quickly
from tests.signature.test_module import endpoint
from tests.signature.tiny_runs import FinishedRun

LACKING = {"t2": slice(0, 12, 2), "cet1": slice(1, 12, 4)}  # rows of patients.csv


@pytest.fixture(scope="module")
def folder(drawn, tmp_path_factory) -> Path:
    """Of a third of the patients at hospitals A and B one sequence is missing, of one patient all."""
    home = tmp_path_factory.mktemp("three") / "cohort"
    table = three_sequences.write(drawn(n=40, external=12, matrix=32, readers=0), home)
    for sequence, rows in LACKING.items():
        table.loc[table.index[rows], [f"{sequence}_image", f"{sequence}_mask"]] = None
    table.loc[0, [f"{s}_{kind}" for s in ("cet1", "t2", "t1") for kind in ("image", "mask")]] = None
    table.to_csv(home / "patients.csv", index=False)
    return home


@pytest.fixture(scope="module")
def composed(folder, tmp_path_factory) -> Callable:
    """Checked choices of a run on that cohort."""
    home = tmp_path_factory.mktemp("runs")

    def compose(*overrides: str):
        return checked(quickly(
            "cohort=table", f"cohort.root={folder}", three_sequences.SEQUENCES, "cohort.development=A", "network=tiny",
            "preprocess.size=32", "split.validation=0.4", "trainer=cpu", "trainer.max_epochs=2", f"runs={home}/runs",
            f"store={home}/store", *overrides,
        ))  # fmt: skip

    return compose


@pytest.fixture(scope="module")
def trained(composed) -> Callable[..., FinishedRun]:
    def run(*overrides: str) -> FinishedRun:
        config = composed(*overrides)
        train(config)
        return FinishedRun(run_folder(config))

    return run


@pytest.mark.slow
def test_three_sequences_are_joined_in_the_order_of_the_cohort(trained):
    run = trained("sequence=t1+cet1+t2", "network.join=stack", "cohort.missing=exclude")
    assert run.path.parent.name == "cet1+t2+t1-max"
    assert run.weights["network.towers.0.0.weight"].shape[1] == 3
    reasons = pd.read_csv(run.path / "exclusions.csv")["reason"].value_counts()
    assert reasons.to_dict() == {"no t2": 5, "no cet1": 3, "no cet1 and no t2 and no t1": 1}


@pytest.mark.slow
@pytest.mark.parametrize("join", ["towers", "mean", "stack"])
def test_a_patient_is_predicted_from_the_sequences_that_there_are(trained, folder, join):
    run = trained("sequence=cet1+t2", f"network.join={join}", "cohort.missing=mask")
    assert run.path.parent.name == "cet1+t2-max"
    table = pd.read_csv(folder / "patients.csv", dtype=str).set_index("patient_id")
    assert np.isfinite(run.predictions["risk"]).all()
    assert set(table.index.difference(run.predictions.index)) == {table.index[0]}
    assert pd.read_csv(run.path / "exclusions.csv")["reason"].tolist() == ["no cet1 and no t2"]
    outlines = pd.read_csv(run.path / "outlines.csv")["sequence"].value_counts()
    assert outlines.to_dict() == {"cet1": 39 - 3, "t2": 39 - 5}


def test_no_patient_changes_sides_with_the_sequences_or_their_missing(trained, composed):
    from npc.cohort.analysed import analysed
    from npc.cohort.load import load
    from npc.config.values import run_sequences

    splits = []
    for overrides in (
        ["sequence=t2", "cohort.missing=exclude"],
        ["sequence=cet1", "cohort.missing=exclude_any"],
        ["sequence=cet1+t1", "cohort.missing=mask"],
    ):
        config = composed(*overrides)
        cohort = load(config.cohort, config.endpoint, run_sequences(config))
        splits.append(analysed(cohort, config.endpoint, config.split)[0]["split"])
    assert [len(of) for of in splits] == [40 - 6, 40 - 9, 40 - 1]
    together = pd.concat(splits, axis=1).dropna()
    assert together.nunique(axis=1).eq(1).all()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["sequence=cet1+adc"],
            "sequence=cet1+adc: the cohort table has cet1, t2, t1; join some by a plus sign: cet1+",
        ),
        (["sequence=both"], "sequence=both: the cohort table has cet1, t2, t1; join some"),
        (["sequence=t2+t2"], "sequence=t2+t2: names t2 twice; name each sequence once"),
        (["cohort.missing=mask", "method=radiomic"], "cohort.missing=mask: method=radiomic needs every sequence"),
        (["cohort.missing=mask", "method=frozen"], "cohort.missing=mask: method=frozen needs every sequence"),
        (["cohort.missing=mask", "network.size_input=true"], "network.size_input=true: with cohort.missing=mask"),
    ],
)
def test_choices_that_cannot_be_met_are_refused(composed, overrides, message):
    with pytest.raises(InputError) as caught:
        composed(*overrides)
    assert [fault.startswith(message) for fault in caught.value.faults] == [True]


def test_the_two_of_a_cohort_that_has_two_are_one_run_under_any_name():
    configs = [quickly(f"sequence={name}") for name in ("both", "cet1+t2", "t2+cet1")]
    assert len({run_folder(config) for config in configs}) == 1
    assert checked(configs[2].copy()).sequence == "both"
    assert run_folder(configs[0]).parent.name == "both-max"


def test_each_epoch_leaves_other_sequences_out_and_never_all():
    array = np.full((4, 3, 8, 8), 200, np.uint8)
    rows = {f"p{i}": i for i in range(4)}
    slices = [Slices(array, rows, ""), Slices(array, {"p0": 0, "p1": 1}, "")]
    patients = pd.DataFrame({"label": 0, "time": 1.0, "event": 0}, index=list(rows))
    from tests.signature.test_data import NONE

    data = SliceDataset(slices, patients, 1, NONE, 0, masked=True)
    present = np.array([[[bool(part.any()) for part in data[i, epoch][0]] for i in range(4)] for epoch in range(400)])
    assert present.any(axis=2).all()
    assert not present[:, 2:, 1].any()  # never had
    assert present[:, 2:, 0].all()  # the only one
    both = present[:, :2].all(axis=2).mean()
    assert abs(both - (1 - DROPPED) ** 2) < 0.05
    assert [part.any().item() for part in data[0][0]] == [True, True]  # nothing is dropped from a prediction
    again = [data[0, epoch][0] for epoch in range(5)]
    assert all(
        torch.equal(first, second) for first, second in zip(again, (data[0, e][0] for e in range(5)), strict=True)
    )


def module(join: str) -> SignatureModule:
    config = quickly("network=tiny", f"network.join={join}")
    from npc.config.values import plain

    torch.manual_seed(0)
    made = SignatureModule(plain(config.network), plain(config.optimizer), endpoint(), 3, 1, masked=True)
    return made.eval()


@pytest.mark.parametrize("join", ["towers", "mean"])
def test_what_is_absent_has_no_part_in_the_risk(join):
    made = module(join)
    x = torch.rand(4, 3, 1, 16, 16)
    x[1, 2] = 0
    x[2, :2] = 0
    risk = made(x)
    assert torch.isfinite(risk).all()
    if join == "mean":
        alone = torch.sigmoid(made.network(x).double())[..., 0]
        torch.testing.assert_close(risk[1], alone[1, :2].mean())
        torch.testing.assert_close(risk[2], alone[2, 2])
    with torch.no_grad():  # the weights of a tower move the risk of those alone who have its sequence
        made.network.towers[2][0].weight.mul_(3)
    moved = made(x) != risk
    assert moved.tolist() == [True, False, True, True]


def test_a_signature_learns_from_those_who_have_it():
    made = module("mean")
    x = torch.rand(4, 3, 1, 16, 16)
    x[:2, 1:] = 0
    outcome = Outcome(*(torch.tensor([1.0, 0.0, 1.0, 0.0]) for _ in range(3)))
    loss = made.loss(made.network(x), outcome)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in made.parameters() if p.grad is not None)
    of = [made.endpoint.loss(made.network(x)[rows, i], Outcome(*(part[rows] for part in outcome)))
          for i, rows in enumerate((slice(0, 4), slice(2, 4), slice(2, 4)))]  # fmt: skip
    torch.testing.assert_close(loss, torch.stack(of).mean())
