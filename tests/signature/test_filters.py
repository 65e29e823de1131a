"""The network of learned filters: it begins as texture energies, and its filters learn."""

from types import SimpleNamespace

import pytest
import torch

from npc.cohort.load import load
from npc.config.loading import compose
from npc.frozen.texture import TextureEnergies
from npc.imaging.store import open_store
from npc.run.train import train
from npc.signature.callbacks import FitStandards
from npc.signature.filters import Filters, Standardised
from npc.signature.method import stored
from npc.signature.networks import SignatureNetwork
from npc.signature.sizes import Sized
from tests.signature.test_module import module as signature_module


def tumours(count: int, seed: int = 1) -> torch.Tensor:
    """Slices (count, 1, row, column) of tumours of different sizes and grain, whose background is 0."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.zeros(count, 1, 32, 32)
    for number in range(count):
        side = 10 + number
        x[number, 0, 4 : 4 + side, 2 : 2 + side] = 0.3 + 0.5 * torch.rand(side, side, generator=draw)
    return x


def test_before_training_the_features_are_texture_energies():
    network, x = Filters(1), tumours(12)
    expected = TextureEnergies("laws3")(x)
    torch.testing.assert_close(network(x), expected)
    assert network.features == expected.shape[1] == 24
    network.standard.fit(expected)
    torch.testing.assert_close(network(x).mean(0), torch.zeros(24), rtol=0, atol=1e-4)
    torch.testing.assert_close(network(x).std(0, correction=0), torch.ones(24), rtol=1e-3, atol=0)


def test_it_has_99_weights_of_which_the_filters_learn():
    settings = compose(["network=filters"]).network
    network = SignatureNetwork(settings, sequences=1, channels=3, pooled=True)
    assert sum(parameter.numel() for parameter in network.parameters()) == 8 * 9 + 26 + 1
    torch.nn.init.normal_(network.heads[0].weight)
    network(Sized(tumours(12).reshape(4, 1, 3, 32, 32), torch.randn(4, 1, 2))).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())
    tower = network.towers[0]
    of_stages = {p for modules in tower.stages.values() for module in modules for p in module.parameters()}
    assert of_stages == set(tower.parameters())


@pytest.mark.parametrize("training", [True, False])
def test_a_patient_does_not_depend_on_the_others(training):
    network, x = Filters(1).train(training), tumours(12)
    torch.testing.assert_close(network(x)[:1], network(x[:1]))


def test_each_channel_has_features_of_its_own_and_an_empty_one_has_none():
    x = tumours(6).reshape(3, 2, 32, 32)
    x[2, 1] = 0
    both = Filters(2)(x)
    for channel in range(2):
        torch.testing.assert_close(both[:, 24 * channel : 24 * (channel + 1)], Filters(1)(x[:, [channel]]))
    assert not both[2, 24:].any()


def test_what_does_not_vary_keeps_its_scale():
    """As the outline without intensities, a control: all energies are the least one."""
    network = Filters(1)
    x = (tumours(8) > 0).float()
    network.standard.fit(network.energies(x))
    assert network(x).abs().max() < 0.01


def test_half_precision_does_not_reach_the_energies():
    network, x = Filters(1), tumours(4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = network(x)
    torch.testing.assert_close(half, network(x))


def test_a_random_network_has_other_filters():
    """As the check of a map with random weights asks for it."""
    before, again = TextureEnergies("laws3", learned=True), TextureEnergies("laws3", learned=True)
    again.reset_parameters()
    assert not torch.isclose(before.masks, again.masks).all(dim=(1, 2, 3)).any()
    torch.testing.assert_close(again.masks.square().sum(dim=(2, 3)), torch.ones(8, 1))
    torch.testing.assert_close(again.masks.sum(dim=(2, 3)), torch.zeros(8, 1), rtol=0, atol=1e-6)


@pytest.mark.parametrize("shapes", ["unpooled", "two sequences"])
def test_the_passes_do_not_depend_on_the_images(shapes):
    """So that a network without pooled slices can be exported."""
    sequences = 2 if shapes == "two sequences" else 1
    settings = compose(["network=filters", "network.size_input=false"]).network
    network = SignatureNetwork(settings, sequences, 1).eval()
    x = tumours(4).reshape(2, 2, 1, 32, 32)[:, :sequences]
    exported = torch.export.export(network, (x,)).module()
    torch.testing.assert_close(exported(x), network(x))


def test_sizes_have_the_total_variance_of_the_other_features_of_a_slice():
    """2 sizes and 24 features of variance 1."""
    settings = compose(["network=filters"]).network
    network, sizes = SignatureNetwork(settings, 1, 1), torch.randn(40, 1, 2)
    network.sizes.fit(sizes)
    total = network.sizes(sizes).var(0, correction=0).sum()
    assert float(total.detach()) == pytest.approx(24, rel=0.03)


def test_the_last_layer_begins_at_0_where_asked():
    for head, is_zero in [("zero", True), ("random", False)]:
        network = SignatureNetwork(compose(["network=filters", f"network.head={head}"]).network, 1, 1)
        assert all((parameter == 0).all() == is_zero for parameter in network.heads.parameters())


@pytest.mark.parametrize("join", ["towers", "mean", "stack"])
def test_a_batch_may_have_one_patient_with_a_sequence(join):
    """`cohort.missing=mask`: the features of one image have a mean and an SD of others."""
    settings = compose(["network=filters", "network.size_input=false", f"network.join={join}"]).network
    network = SignatureNetwork(settings, sequences=2, channels=1, masked=True).train()
    x = tumours(8).reshape(4, 2, 1, 32, 32)
    x[1:, 1] = 0
    torch.nn.init.normal_(network.heads[0].weight)
    assert torch.isfinite(network(x)[:, 0]).all()


QUICK = ("network=filters", "slices=all", "preprocess.slices=4", "endpoint=cox", "trainer.max_epochs=2")


def test_features_are_standardised_by_the_training_cohort_before_the_first_update(trained, tiny):
    run = trained(*QUICK)
    choices = tiny(*QUICK)
    found = {name.rpartition(".")[2]: value for name, value in run.weights.items() if ".standard." in name}
    masks = run.weights["network.towers.0.encoder.energies.masks"]
    before = TextureEnergies("laws3")
    assert 1e-4 < (masks - before.masks).abs().mean() < 0.1  # they have learned since
    slices = open_store(*stored(choices, load(choices.cohort, choices.endpoint, ["cet1"]), "cet1"))
    for split, is_training in [("train", True), ("validation", False), ("test", False)]:
        patients = run.predictions.index[run.predictions["split"] == split]
        planes = torch.tensor(slices.array[[slices.rows[patient] for patient in patients]]).flatten(0, 1)[:, None] / 255
        features = before(planes[planes.flatten(1).any(dim=1)])
        assert torch.allclose(features.mean(0), found["mean"], rtol=1e-4, atol=1e-5) == is_training
        assert torch.allclose(features.std(0, correction=0), found["sd"], rtol=1e-3, atol=1e-6) == is_training


def test_a_compiled_network_is_standardised_after_another_has_resumed():
    """As the members of an interrupted ensemble: PyTorch takes the code of the first for the second."""
    x = tumours(12).reshape(4, 1, 3, 32, 32)
    batch = [(x, None)]
    for updates in (12, 0):
        module = signature_module("network=filters", "network.size_input=false", pooled=True, channels=3)
        module.network.compile(backend="eager")
        FitStandards(batch).on_train_start(SimpleNamespace(global_step=updates), module)
        with torch.no_grad():
            module(x)
        assert (module.network.towers[0].encoder.standard.mean == 0).all() == (updates > 0)


def test_small_differences_are_standardised_and_rounding_is_not():
    """The third moment of tumours of low contrast."""
    layer, x = Standardised(2), torch.stack([1e-7 * torch.randn(50), torch.full((50,), 9.2)], dim=1)
    x[::2, 1] += 1e-6
    layer.fit(x)
    torch.testing.assert_close(layer(x, torch.full((50,), True))[:, 0].std(correction=0), torch.tensor(1.0))
    assert float(layer.sd[1]) == 1


def test_a_sequence_that_no_patient_has_keeps_its_scale():
    module = signature_module("network=filters", "network.size_input=false")
    module.network = SignatureNetwork(
        compose(["network=filters", "network.size_input=false"]).network, sequences=2, channels=1, masked=True
    )
    x = tumours(8).reshape(4, 2, 1, 32, 32)
    x[:, 1] = 0
    FitStandards([(x, None)]).on_train_start(SimpleNamespace(global_step=0), module)
    first, second = (tower.standard.mean for tower in module.network.towers)
    assert (first != 0).any()
    assert (second == 0).all()


@pytest.mark.slow
def test_a_run_that_resumes_keeps_the_standards_of_its_start(trained, tiny, monkeypatch):
    whole = trained(*QUICK)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("npc.run.folder.RunFolder.write_results", stop)
        with pytest.raises(KeyboardInterrupt):
            train(tiny(*QUICK, f"runs={tiny().runs}/again"))
    again = trained(*QUICK, f"runs={tiny().runs}/again")
    assert "resuming from" in (again.path / "train.log").read_text()
    assert (again.path / "predictions.csv").read_bytes() == (whole.path / "predictions.csv").read_bytes()


@pytest.mark.slow
def test_the_recipe_trains_an_ensemble(trained):
    run = trained(
        "network=filters", "preprocess=window", "preprocess.equalise=false", "augment=exact", "optimizer=adamw",
        "method=ensemble", "ensemble.folds=2", "ensemble.inner=0", "trainer.epoch=last", "trainer.max_epochs=1",
        "slices=all", "endpoint=cox",
    )  # fmt: skip
    assert run.predictions["risk"].nunique() > 50
    assert run.metrics["auc"].keys() >= {"train", "validation", "test"}
