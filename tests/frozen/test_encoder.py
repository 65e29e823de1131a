"""Encoders: each library's networks with weights of a file give the features of the plain library model."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.networks import nets
from torch import nn
from torchvision import models

from npc.config.method_schema import EncoderConfig
from npc.errors import InputError
from npc.frozen.encoder import Encoder

TORCHVISION = {
    "library": "torchvision", "model": "resnet18", "weights": "scratch", "dimensions": 2, "channels": 3,
    "input_size": 32, "threads": 2, "folds": 3, "nested": 3,
}  # fmt: skip
IMAGENET = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)
GREY = PIXELS / 255


def encoder(seed: int = 0, **choices: Any) -> Encoder:
    return Encoder(EncoderConfig(**(TORCHVISION | choices)), seed)


def fault(**choices: Any) -> str:
    with pytest.raises(InputError) as caught:
        encoder(**choices).features(PIXELS[:1])
    return str(caught.value)


def saved(path: Path, content: object) -> str:
    torch.save(content, path)
    return str(path)


def random(network: nn.Module) -> nn.Module:
    """With weights and running averages that no initialisation gives."""
    draw = torch.Generator().manual_seed(7)
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.mul_(torch.rand(value.shape, generator=draw) + 0.5)
    return network.eval()


def by_hand(network: nn.Module, x: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Of one slice from 0 to 1, repeated to three channels."""
    with torch.no_grad():
        colour = (x[:, :, None] - mean) / sd
        return network(torch.tensor(colour.transpose(2, 0, 1)[None], dtype=torch.float32))[0].numpy()


@pytest.fixture(scope="module")
def resnet() -> nn.Module:
    return random(models.resnet18(weights=None))


@pytest.fixture(scope="module")
def plain(resnet: nn.Module) -> np.ndarray:
    """The features of the first slice by torchvision itself, normalised as for ImageNet."""
    parts = nn.Sequential(*list(resnet.children())[:-1], nn.Flatten())
    return by_hand(parts, GREY[0], *IMAGENET)


@pytest.mark.slow
def test_torchvision(resnet, plain, tmp_path):
    made = encoder(weights=saved(tmp_path / "own.pth", resnet.state_dict()))
    np.testing.assert_allclose(made.features(PIXELS[:1]), plain, rtol=1e-4, atol=1e-5)
    assert made.about["source"] == "own.pth"
    assert made.about["licence"] == "unknown"
    assert made.about["mean"] == list(IMAGENET[0])
    other = encoder(weights=made.settings.weights, source="our hospital", licence="CC0")
    assert (other.about["source"], other.about["licence"], other.hash) == ("our hospital", "CC0", made.hash)


@pytest.mark.slow
def test_timm(tmp_path):
    import timm
    from safetensors.torch import save_file

    network = random(timm.create_model("resnet18", pretrained=False))
    whole = {name: value.clone() for name, value in network.state_dict().items()}
    save_file(whole, tmp_path / "model.safetensors")
    grey = timm.create_model("resnet18", in_chans=1)
    made = encoder(library="timm", weights=saved(tmp_path / "grey.pth", grey.state_dict()), channels=1)
    assert made.features(PIXELS[:1]).shape == (512,)
    assert made.about["mean"] == pytest.approx([IMAGENET[0].mean()])
    network.reset_classifier(0)
    expected = by_hand(network, GREY[0], *IMAGENET)
    for weights in (str(tmp_path / "model.safetensors"), saved(tmp_path / "model.pth", whole)):
        made = encoder(library="timm", weights=weights)
        np.testing.assert_allclose(made.features(PIXELS[:1]), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_medicalnet_is_standardised_by_its_own_mean_as_one_volume(tmp_path):
    network = random(nets.resnet10(spatial_dims=3, n_input_channels=1, conv1_t_stride=2, shortcut_type="B",
                                   bias_downsample=False, feed_forward=False))  # fmt: skip
    state = {"state_dict": {f"module.{name}": value for name, value in network.state_dict().items()}}
    made = encoder(
        library="monai", model="resnet10", weights=saved(tmp_path / "m.pth", state), dimensions=3, channels=1
    )
    assert [part.shape for part in made.inputs(PIXELS)] == [(3, 32, 32)]
    volume = (GREY - GREY.mean()) / GREY.std(ddof=1)
    with torch.no_grad():
        expected = network(torch.tensor(volume[None, None], dtype=torch.float32))[0].numpy()
    np.testing.assert_allclose(made.features(PIXELS), expected, rtol=1e-4, atol=1e-5)
    assert made.features(PIXELS[:1]).shape == expected.shape


@pytest.mark.parametrize("library", ["torchvision", "monai"])
def test_radimagenet_numbers_the_parts_of_the_network(resnet, tmp_path, library):
    """As its authors save `nn.Sequential(*list(resnet50().children())[:9])` under the name `backbone`."""
    parts = nn.Sequential(*list(resnet.children())[:9])
    path = saved(tmp_path / "r.pt", {f"backbone.{name}": value for name, value in parts.state_dict().items()})
    half = {"mean": [0.5] * 3, "sd": [0.5] * 3}
    made = encoder(library=library, weights=path, **half)
    expected = by_hand(nn.Sequential(parts, nn.Flatten()), GREY[0], np.full(3, 0.5), np.full(3, 0.5))
    np.testing.assert_allclose(made.features(PIXELS[:1]), expected, rtol=1e-4, atol=1e-5)


def test_random_weights_follow_the_seed_and_leave_other_draws_alone():
    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    made, other = encoder(0), encoder(1)
    assert torch.equal(torch.rand(1), first)
    assert made.about == encoder(0).about
    assert made.hash != other.hash
    np.testing.assert_array_equal(made.features(PIXELS[:1]), encoder(0).features(PIXELS[:1]))
    assert made.about["source"] == "random weights, seed 0"


def test_a_slice_without_outline_is_left_out():
    empty = PIXELS.copy()
    empty[2] = 0
    assert [part.tolist() for part in encoder().inputs(empty)] == [PIXELS[:1].tolist(), PIXELS[1:2].tolist()]


def test_slices_get_the_size_that_the_network_expects():
    assert encoder(input_size=None).size == 224
    same, larger = encoder(), encoder(input_size=64)
    assert same.hash != larger.hash
    assert not np.allclose(same.features(PIXELS[:1]), larger.features(PIXELS[:1]))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"model": "resnet19"}, "encoder.model=resnet19: torchvision has no such network"),
        ({"library": "monai", "model": "vit"}, "encoder.model=vit: monai has no such network"),
        ({"model": "squeezenet1_1"}, "encoder.model=squeezenet1_1: has no linear last layer"),
        ({"channels": 1}, "encoder.input_size=32, encoder.channels=1: resnet18 does not take such images"),
        ({"weights": "none.pth"}, "encoder.weights=none.pth: there is no such file"),
        ({"weights": __file__}, "is not a file of weights"),
    ],
)
def test_an_encoder_that_is_not_there_or_does_not_fit(choices, message):
    assert message in fault(**choices)


def test_weights_of_another_network_are_refused(resnet, tmp_path):
    path = saved(tmp_path / "own.pth", resnet.state_dict())
    assert "does not fit the network" in (message := fault(model="resnet34", weights=path))
    assert "encoder.model" in message
    assert "is not a state dict" in fault(weights=saved(tmp_path / "list.pth", [1, 2]))


def test_imagenet_without_cache_and_network_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # no process listens there: as without a network
    assert "encoder.weights=imagenet: cannot be downloaded" in (message := fault(weights="imagenet"))
    assert "give its path" in message


def test_timm_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    assert "pip install 'npc[timm]'" in fault(library="timm")


def test_timm_names_that_do_not_exist():
    assert "encoder.model=resnet0: timm has no such network" in fault(library="timm", model="resnet0")
    assert "encoder.model=resnet18.none" in fault(library="timm", model="resnet18.none")
