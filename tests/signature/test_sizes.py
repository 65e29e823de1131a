"""The outline's size as an input: standardised on the training patients alone, kept in the checkpoint, and used."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from npc.errors import InputError
from npc.imaging.size import OutlineSize
from npc.signature.data import SliceDataset, log_sizes
from npc.signature.sizes import Sized, StandardisedSizes
from tests.signature.test_data import NONE, outcomes
from tests.signature.test_module import module


@pytest.fixture(scope="module")
def sizes() -> torch.Tensor:
    """Log volume and area of 5 patients with two sequences."""
    return torch.randn(5, 2, 2, generator=torch.Generator().manual_seed(0)) * 3 + 4


@pytest.mark.slow
def test_a_run_standardises_by_its_training_patients_and_keeps_it_in_the_checkpoint(trained):
    run = trained("network.size_input=true", "trainer.max_epochs=1", "preprocess=roi_crop")
    outlines = pd.read_csv(run.path / "outlines.csv", dtype={"patient_id": str}).set_index("patient_id")
    logs = np.log(outlines[["volume", "area"]])
    training = logs[run.predictions["split"] == "train"]
    assert len(training) == 36
    for name, expected in [("mean", training.mean()), ("sd", training.std(ddof=0))]:
        np.testing.assert_allclose(run.weights[f"network.sizes.{name}"], expected.to_numpy()[None], rtol=1e-5)
    assert run.weights["network.heads.0.weight"].shape == (1, 16 + 2)


@pytest.mark.slow
def test_folds_standardise_by_their_own_training_patients(trained):
    """Otherwise the held-out patients would have entered."""
    run = trained("network.size_input=true", "trainer.max_epochs=1", "folds=2")
    assert len(pd.read_csv(run.out_of_fold)) == 36


def test_the_dataset_gives_the_logarithms_of_each_sequences_own_outline(stored, images):
    slices = [
        replace(of, sizes={f"p{n}": OutlineSize(volume=10.0 + n + 100 * number, area=2.0 + n) for n in range(3)})
        for number, of in enumerate(stored(images(3), images(3)))
    ]
    data = SliceDataset(slices, outcomes(["p2", "p0"]), 1, NONE, 0)
    x, _ = data[0]
    assert x.images.shape == (2, 1, 32, 32)
    np.testing.assert_allclose(x.sizes, np.log([[12, 4], [112, 4]]), rtol=1e-6)
    assert torch.equal(data.sizes, log_sizes(slices, ["p2", "p0"]))


def test_standardised_sizes_have_mean_0_and_sd_1(sizes):
    layer = StandardisedSizes(2)
    layer.fit(sizes)
    torch.testing.assert_close(layer(sizes).mean(0), torch.zeros(2, 2), rtol=0, atol=1e-5)
    torch.testing.assert_close(layer(sizes).std(0, correction=0), torch.ones(2, 2), rtol=1e-5, atol=0)
    assert set(layer.state_dict()) == {"mean", "sd"}
    assert not list(layer.parameters())


@pytest.mark.slow
@pytest.mark.parametrize(("join", "features"), [("towers", [36]), ("mean", [18, 18]), ("stack", [20])])
def test_each_join_reads_the_sizes_of_both_sequences(sizes, join, features):
    signature = module("network.size_input=true", f"network.join={join}", sequences=2).eval()
    assert [head.in_features for head in signature.network.heads] == features
    x = torch.rand(5, 2, 1, 16, 16)
    with torch.no_grad():
        risk = signature(Sized(x, sizes))
        for sequence in range(2):
            for value in range(2):
                changed = sizes.clone()
                changed[:, sequence, value] += 1
                assert (signature(Sized(x, changed)) != risk).all()


def test_the_signature_of_one_sequence_does_not_read_the_size_of_the_other(sizes):
    network = module("network.size_input=true", "network.join=mean", sequences=2).eval().network
    x, changed = torch.rand(5, 2, 1, 16, 16), sizes.clone()
    changed[:, 1] += 1
    assert torch.equal(network(Sized(x, sizes))[:, 0], network(Sized(x, changed))[:, 0])


def test_outlines_of_one_size_are_refused(sizes):
    same = sizes.clone()
    same[:, 1, 0] = 2.5
    with pytest.raises(InputError, match=r"^network\.size_input=true: .* same volume .* set network\.size_input=false"):
        StandardisedSizes(2).fit(same)
