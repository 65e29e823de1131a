"""The compact network: means over the tumour, at the resolution of the image."""

import torch

from npc.config.loading import compose
from npc.signature.compact import Compact
from npc.signature.networks import SignatureNetwork


def test_it_has_fewer_weights_than_a_hundred_thousand():
    network = Compact(1)
    assert 50_000 < sum(parameter.numel() for parameter in network.parameters()) < 100_000
    of_stages = {p for modules in network.stages.values() for module in modules for p in module.parameters()}
    assert of_stages == set(network.parameters())


def test_the_features_are_means_of_the_last_maps_over_the_tumour():
    torch.manual_seed(0)
    network, x = Compact(1).eval(), torch.zeros(2, 1, 32, 32)
    x[0, :, 8:20, 4:16] = torch.rand(12, 12) + 0.1
    x[1, :, :16] = 1
    maps = network.layer3(network.layer2(network.layer1(network.stem(x))))
    torch.testing.assert_close(network(x)[0], maps[0, :, 2:5, 1:4].mean(dim=(1, 2)))
    torch.testing.assert_close(network(x)[1], maps[1, :, :4].mean(dim=(1, 2)))


def test_a_tumour_that_was_moved_out_of_the_image_gives_zeros():
    assert not Compact(1)(torch.zeros(1, 1, 16, 16)).any()


def test_three_slices_are_seen_each_by_itself():
    """In any order they give the same signature; as channels they do not."""
    settings, x = compose(["network=compact", "network.size_input=false"]).network, torch.rand(2, 1, 3, 16, 16)
    network = SignatureNetwork(settings, sequences=1, channels=3, pooled=True)
    torch.testing.assert_close(network(x), network(x.flip(2)))
    assert not torch.allclose(*(SignatureNetwork(settings, 1, 3)(y) for y in (x, x.flip(2))))
