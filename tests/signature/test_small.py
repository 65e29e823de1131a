import torch

from npc.config.loading import compose
from npc.signature.networks import backbone
from npc.signature.small import Small


def test_the_small_network_has_a_few_hundred_thousand_weights_and_the_stages_of_a_resnet():
    network = Small(3)
    assert 200_000 < sum(parameter.numel() for parameter in network.parameters()) < 500_000
    assert list(network.stages) == list(backbone("resnet18", 1, "scratch").stages)
    of_stages = {p for modules in network.stages.values() for module in modules for p in module.parameters()}
    assert of_stages == set(network.parameters())
    assert network(torch.rand(2, 3, 32, 32)).shape == (2, network.features)


def test_a_patients_features_do_not_depend_on_the_others_of_the_batch():
    """Nor on whether the network is being trained."""
    torch.manual_seed(0)
    network, x = Small(1), torch.rand(4, 1, 32, 32)
    alone = network.eval()(x[:1])
    assert alone.std() > 0
    torch.testing.assert_close(network.train()(x)[:1], alone, rtol=1e-4, atol=1e-5)


def test_configs_select_the_networks():
    assert compose(["network=small"]).network.backbone == "small"
    assert compose(["network=resnet18"]).network.backbone == "resnet18"
