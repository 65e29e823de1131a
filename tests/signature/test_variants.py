"""Every kind of input, network and endpoint trains; what cannot be is reported."""

import re

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from npc.cohort.load import load
from npc.config.values import run_sequences
from npc.errors import InputError
from npc.imaging.store import open_store
from npc.run.train import train
from npc.signature.method import stored
from npc.signature.module import SignatureModule


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(("slices=three",), marks=pytest.mark.slow),
        pytest.param(("sequence=t2",), marks=pytest.mark.slow),
        pytest.param(("sequence=both", "network.join=towers"), marks=pytest.mark.slow),
        pytest.param(("sequence=both", "network.join=mean"), marks=pytest.mark.slow),
        ("sequence=both", "network.join=stack", "slices=three"),
        pytest.param(("endpoint.class_weight=true",), marks=pytest.mark.slow),
        pytest.param(("augment=none",), marks=pytest.mark.slow),
        pytest.param(("preprocess=roi_crop",), marks=pytest.mark.slow),
        pytest.param(("seed=1",), marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_each_variant_trains_and_gives_other_risks(default_run, trained, overrides):
    run = trained("trainer.max_epochs=1", *overrides)
    assert run.path != default_run.path
    assert run.predictions.index.equals(default_run.predictions.index)
    assert not (run.predictions["risk"] == default_run.predictions["risk"]).any()
    first = torch.load(run.model, weights_only=True)["state_dict"]["network.towers.0.0.weight"]
    assert first.shape[1] == (3 if "slices=three" in overrides else 1) * (2 if "network.join=stack" in overrides else 1)


@pytest.mark.parametrize(
    "overrides",
    [
        ("endpoint=cox",),
        pytest.param(("endpoint=hazard",), marks=pytest.mark.slow),
        pytest.param(("endpoint=hazard", "sequence=both", "network.join=mean"), marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_endpoints_of_times_train(default_run, trained, tiny, overrides):
    run = trained(*overrides, "trainer.max_epochs=2")
    predictions = run.predictions
    same = ["split", "label", "time", "event"]
    assert predictions[same].equals(default_run.predictions[same])  # no patient is left out: censoring is accounted for
    assert (run.path / "exclusions.csv").read_text() == "patient_id,centre,reason\n"
    assert np.isfinite(predictions["risk"]).all()
    assert predictions["risk"].nunique() > 50
    assert np.isfinite(run.epochs[["train_loss", "val_loss", "val_auc"]]).all(axis=None)
    assert run.epochs["train_loss"].is_unique  # the epochs differ: the network is trained
    for split, rows in predictions.groupby("split"):
        assert run.metrics["auc"][split] == pytest.approx(roc_auc_score(rows["event"], rows["risk"]), rel=1e-12)

    saved = torch.load(run.model, weights_only=True)
    module = SignatureModule(**saved["hyper_parameters"])
    module.load_state_dict(saved["state_dict"])
    cohort = load(tiny().cohort, tiny().endpoint, ["cet1", "t2"])
    stores = [open_store(*stored(tiny(*overrides), cohort, s)) for s in run_sequences(tiny(*overrides))]
    rows = predictions[predictions["split"] == "test"]
    planes = np.stack([s.array[[s.rows[patient] for patient in rows.index], 1] for s in stores], axis=1)
    torch.set_num_threads(tiny().trainer.threads)
    with torch.no_grad():
        x = torch.from_numpy(planes).float()[:, :, None] / 255
        output, risk = module.eval().network(x).double(), module(x)
    assert risk.tolist() == rows["risk"].tolist()
    if "endpoint=cox" in overrides:
        np.testing.assert_array_equal(risk, output[:, 0, 0])  # the log relative hazard
    else:
        # at the last cut, of the mean over the signatures
        np.testing.assert_allclose(risk, (1 - torch.sigmoid(-output).prod(dim=2)).mean(dim=1), rtol=1e-9)
        assert predictions["risk"].between(0, 1).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "override",
    [
        "trainer.precision=foo", "trainer.accelerator=foo", "trainer.strategy=foo", "trainer.devices=0",
        "trainer.devices=foo", "trainer.limit_train_batches=foo", "trainer.limit_train_batches=1.5",
        "trainer.limit_train_batches=0", "trainer.overfit_batches=foo", "seed=99999999999999",
        pytest.param(
            "trainer.accelerator=gpu",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="valid on a GPU; .ci/run has none"),
        ),
    ],
)  # fmt: skip
def test_an_invalid_choice_is_reported(tiny, override):
    with pytest.raises(InputError, match="^" + re.split("[.=]", override)[0]):
        train(tiny(override))
