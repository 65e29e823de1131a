"""The network of learned filters: it begins as texture energies, and its filters learn."""

import pytest
import torch

from npc.config.loading import compose
from npc.frozen.texture import TextureEnergies
from npc.signature.filters import Filters
from npc.signature.networks import SignatureNetwork
from npc.signature.sizes import Sized


def tumours(count: int, seed: int = 1) -> torch.Tensor:
    """Slices (count, 1, row, column) of tumours of different sizes and grain, whose background is 0."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.zeros(count, 1, 32, 32)
    for number in range(count):
        side = 10 + number
        x[number, 0, 4 : 4 + side, 2 : 2 + side] = 0.3 + 0.5 * torch.rand(side, side, generator=draw)
    return x


def test_before_training_the_features_are_standardised_texture_energies():
    network, x = Filters(1), tumours(12)
    expected = TextureEnergies("laws3")(x)
    expected = (expected - expected.mean(0)) / expected.std(0, correction=0)
    torch.testing.assert_close(network(x), expected, rtol=1e-3, atol=1e-3)
    assert network.features == expected.shape[1] == 24


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


def test_in_prediction_a_patient_does_not_depend_on_the_others():
    network, x = Filters(1), tumours(12)
    for _ in range(50):
        network(x)
    network.eval()
    torch.testing.assert_close(network(x)[:1], network(x[:1]))


def test_each_channel_has_features_of_its_own():
    x = tumours(6).reshape(3, 2, 32, 32)
    both = Filters(2).eval()(x)
    for channel in range(2):
        alone = Filters(1).eval()(x[:, [channel]])
        torch.testing.assert_close(both[:, 24 * channel : 24 * (channel + 1)], alone)


def test_a_tumour_that_was_moved_out_of_the_image_gives_no_nan():
    assert torch.isfinite(Filters(1)(torch.cat([tumours(2), torch.zeros(1, 1, 32, 32)]))).all()


def test_sizes_have_the_total_variance_of_the_other_features():
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
