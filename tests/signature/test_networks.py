import os
import pickle
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from npc.config.method_schema import BatchNormConfig, NetworkConfig
from npc.errors import InputError
from npc.signature.networks import SignatureNetwork, backbone


def settings(name: str = "tiny", join: str = "towers", weights: str = "scratch") -> NetworkConfig:
    return NetworkConfig(name, join, weights, BatchNormConfig(momentum=0.01, epsilon=1e-3, recalibrate=True))


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> tuple[Path, dict[str, torch.Tensor]]:
    """A ResNet-18's state dict, as torchvision publishes it."""
    torch.manual_seed(0)
    state = torchvision.models.resnet18(weights=None).state_dict()
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(state, path)
    return path, state


def fault(weights: str | Path, name: str = "resnet18") -> str:
    with pytest.raises(InputError) as caught:
        backbone(name, 1, str(weights))
    return str(caught.value)


@pytest.mark.parametrize("join", ["towers", "mean", "stack"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sequences", [1, 2])
def test_output_shape_is_patients_signatures_outputs(sequences, channels, join):
    signatures = sequences if join == "mean" else 1
    x = torch.rand(5, sequences, channels, 32, 32)
    assert SignatureNetwork(settings(join=join), sequences, channels)(x).shape == (5, signatures, 1)
    assert SignatureNetwork(settings(join=join), sequences, channels, 4)(x).shape == (5, signatures, 4)


@pytest.mark.parametrize("join", ["towers", "mean", "stack"])
@pytest.mark.parametrize("sequence", [0, 1])
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_every_channel_of_every_sequence_changes_the_output(join, sequence, channel):
    torch.manual_seed(0)
    network = SignatureNetwork(settings(join=join), 2, 3).eval()
    x = torch.rand(1, 2, 3, 32, 32)
    changed = x.clone()
    changed[:, sequence, channel] = 0
    assert not torch.equal(network(x), network(changed))


def test_two_towers_are_two_backbones_under_one_head_of_both_features():
    one, two = (SignatureNetwork(settings(), sequences, 1) for sequences in (1, 2))
    assert parameters(two.towers) == 2 * parameters(one.towers)
    assert [head.in_features for head in two.heads] == [2 * one.heads[0].in_features]
    assert two.heads[0].out_features == 1
    # neither one backbone used twice nor two with equal initial weights
    first, second = (next(iter(tower.parameters())) for tower in two.towers)
    assert not torch.equal(first, second)


def test_stack_is_one_backbone_over_all_channels():
    network = SignatureNetwork(settings(join="stack"), 2, 3)
    assert len(network.towers) == len(network.heads) == 1
    assert next(network.parameters()).shape[1] == 6


def test_mean_trains_each_signature_as_if_it_were_alone():
    torch.manual_seed(0)
    network = SignatureNetwork(settings(join="mean"), 2, 1)
    x = torch.rand(4, 2, 1, 32, 32)

    def gradients(images: torch.Tensor, signature: int) -> list[torch.Tensor]:
        network.zero_grad(set_to_none=True)
        network(images)[:, signature].sum().backward()
        return [p.grad for p in (*network.towers[0].parameters(), *network.heads[0].parameters())]

    other = x.clone()
    other[:, 1] = torch.rand(4, 1, 32, 32)
    for mine, also in zip(gradients(x, 0), gradients(other, 0), strict=True):
        assert torch.equal(mine, also)
    assert not any(gradient.any() for gradient in gradients(x, 1))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "layers"), [("tiny", 3), ("resnet50", 53)])
def test_batch_norm_is_keras_on_every_layer(name, layers):
    network = SignatureNetwork(settings(name), 2, 1)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    assert len(norms) == 2 * layers
    assert {(layer.momentum, layer.eps) for layer in norms} == {(0.01, 1e-3)}


def test_resnet50_has_the_49_convolutions_and_one_fully_connected_layer_of_the_paper():
    network = SignatureNetwork(settings("resnet50"), 1, 1)
    convolutions = {name: layer for name, layer in network.named_modules() if isinstance(layer, nn.Conv2d)}
    shortcuts = [name for name in convolutions if "downsample" in name]
    assert len(convolutions) - len(shortcuts) == 49
    assert len(shortcuts) == 4
    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(2048, 1)]


@pytest.mark.parametrize("channels", [1, 3])
def test_weights_from_a_path_are_in_every_layer_but_the_last(published, channels):
    path, state = published
    network = backbone("resnet18", channels, str(path)).network
    loaded = network.state_dict()
    assert set(loaded) == {name for name in state if not name.startswith("fc.")}
    for name in loaded:
        if name != "conv1.weight":
            assert torch.equal(loaded[name], state[name]), name
    # a grey image in every colour gave this answer
    grey = state["conv1.weight"].sum(dim=1)
    torch.testing.assert_close(network.conv1.weight.sum(dim=1), grey)
    assert network.conv1.weight.shape[1] == channels


def test_published_weights_give_the_same_output_for_a_grey_image(published):
    path, state = published
    original = torchvision.models.resnet18(weights=None)
    original.load_state_dict(state)
    original.fc = nn.Identity()
    grey = torch.rand(2, 1, 64, 64)
    ours = backbone("resnet18", 1, str(path))
    torch.testing.assert_close(ours.eval()(grey), original.eval()(grey.repeat(1, 3, 1, 1)), rtol=1e-4, atol=1e-4)


def test_imagenet_weights_come_from_torchvisions_cache(published, tmp_path, monkeypatch):
    _, state = published
    url = torchvision.models.get_model_weights("resnet18").DEFAULT.url
    cache = tmp_path / "hub" / "checkpoints" / url.rsplit("/", 1)[1]
    cache.parent.mkdir(parents=True)
    torch.save(state, cache)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    network = SignatureNetwork(settings("resnet18", weights="imagenet"), 2, 1)
    for tower in network.towers:
        assert torch.equal(tower.network.layer4[1].conv2.weight, state["layer4.1.conv2.weight"])


def test_imagenet_without_cache_and_network_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # no process listens there: as without a network
    started = time.monotonic()
    message = fault("imagenet")
    assert time.monotonic() - started < 20
    assert "network.weights=imagenet" in message
    assert "give its path" in message


def test_missing_weights_are_reported(tmp_path):
    path = tmp_path / "none.pth"
    assert fault(path) == f"network.weights={path}: there is no such file; correct the path"


def test_a_text_file_is_refused_as_weights(tmp_path):
    path = tmp_path / "notes.pth"
    path.write_text("these are no weights\n" * 100)
    assert f"network.weights={path}: is not a file of weights" in fault(path)


def test_a_folder_is_refused_as_weights(tmp_path):
    assert f"network.weights={tmp_path}: " in fault(tmp_path)


class Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("legacy", [True, False])
def test_code_in_a_weights_file_is_not_run(tmp_path, legacy):
    path, mark = tmp_path / "bomb.pth", tmp_path / "mark"
    if legacy:
        path.write_bytes(pickle.dumps(Bomb(mark)))
    else:
        torch.save({"conv1.weight": Bomb(mark)}, path)
    assert "is not a file of weights" in fault(path)
    assert not mark.exists()
    with suppress(RuntimeError):
        torch.load(path, weights_only=False)
    assert mark.exists()  # without the protection the code runs


@pytest.mark.parametrize("content", [[1, 2], {"state_dict": {}, "epoch": 3}])
def test_a_file_without_a_state_dict_is_refused(tmp_path, content):
    path = tmp_path / "other.pth"
    torch.save(content, path)
    assert f"network.weights={path}: is not a state dict" in fault(path)


@pytest.mark.slow
@pytest.mark.parametrize("other", ["resnet50", "resnet34"])
def test_weights_of_another_network_are_refused(tmp_path, other):
    path = tmp_path / "other.pth"
    torch.save(torchvision.models.get_model(other, weights=None).state_dict(), path)
    assert f"network.weights={path}: does not fit the network" in fault(path)


def test_an_unknown_backbone_is_reported_with_the_known_ones():
    message = fault("scratch", "resnet51")
    assert "network.backbone=resnet51" in message
    assert "tiny" in message
    assert "resnet50" in message


def test_the_tiny_network_has_no_weights_to_load():
    assert "network.weights=imagenet" in fault("imagenet", "tiny")


@pytest.mark.parametrize(("join", "sequences"), [("towers", 2), ("mean", 2), ("stack", 2)])
def test_the_layout_of_memory_changes_rounding_alone(join: str, sequences: int):
    torch.manual_seed(0)
    plain = SignatureNetwork(settings(join=join), sequences, 3)
    other = SignatureNetwork(replace(settings(join=join), channels_last=True), sequences, 3)
    other.load_state_dict(plain.state_dict())
    x = torch.rand(4, sequences, 3, 32, 32)
    assert torch.allclose(plain(x), other(x), atol=1e-5)
    first = next(layer for layer in other.modules() if isinstance(layer, nn.Conv2d))
    assert first.weight.is_contiguous(memory_format=torch.channels_last)
