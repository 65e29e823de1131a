"""Encoders of torchvision, timm and MONAI: networks without their last layer, and the input that they expect.

Texture energies are an encoder, too, which has no weights.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from npc.config.method_schema import EncoderConfig
from npc.errors import InputError
from npc.frozen.texture import VECTORS, TextureEnergies
from npc.run.weights import download, load_weights, read_weights

NAMED = "encoder.model"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Loaded:
    """A network with its weights, and what its library states about them.

    Attributes:
        network: maps (batch, channel, row, column), or (batch, channel, slice, row, column), to (batch, features).
        size: rows and columns of its input; None where the library states none, and for the rest likewise.
        mean: of each channel of its input, whose values are from 0 to 1.
        sd: of each channel.
        source: where the weights come from.
        licence: of the weights.
    """

    network: nn.Module
    size: int | None = None
    mean: Sequence[float] | None = None
    sd: Sequence[float] | None = None
    source: str | None = None
    licence: str | None = None


def load(settings: EncoderConfig, seed: int) -> Loaded:
    """The network of `encoder.library` and `encoder.model`, with the weights of `encoder.weights`.

    Args:
        settings: `encoder`.
        seed: of random weights; torch's own state of random numbers is left as it is.

    Raises:
        InputError: there is no such network, or its weights can't be read or do not fit.
    """
    by_library = {"torchvision": _torchvision, "timm": _timm, "monai": _monai, "texture": _texture}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        loaded = by_library[settings.library](settings)
    loaded.network.eval().requires_grad_(False)
    return loaded


def _torchvision(settings: EncoderConfig) -> Loaded:
    from torchvision import models

    if settings.model not in models.list_models(module=models):
        raise _no_such(settings, "docs.pytorch.org/vision/stable/models.html lists the names")
    published = models.get_model_weights(settings.model).DEFAULT
    expected = published.transforms()
    if settings.weights == "imagenet":
        network = download(lambda: models.get_model(settings.model, weights=published), _choice(settings))
    else:
        network = models.get_model(settings.model, weights=None)
    heads = [name for name, layer in network.named_modules() if isinstance(layer, nn.Linear)]
    if not heads:
        raise InputError(f"{NAMED}={settings.model}: has no linear last layer to leave out; choose another network")
    if _file(settings):
        _load_file(network, settings, (heads[-1],))
    network.set_submodule(heads[-1], nn.Identity())
    licence = published.meta.get("license", f"{UNKNOWN} (torchvision states none; terms of ImageNet may apply)")
    return Loaded(network, expected.crop_size[0], expected.mean, expected.std, published.url, licence)


def _timm(settings: EncoderConfig) -> Loaded:
    try:
        import timm
    except ImportError:
        raise InputError("encoder.library=timm: timm is not installed; install it: pip install 'npc[timm]'") from None
    if not timm.is_model(settings.model):
        raise _no_such(settings, "timm.list_models() lists the names")
    published = settings.weights == "pretrained"

    def make() -> Any:
        return timm.create_model(settings.model, pretrained=published, num_classes=0, in_chans=settings.channels)

    try:
        network = download(make, _choice(settings)) if published else make()
    except RuntimeError as error:  # a tag that does not exist
        raise InputError(f"{NAMED}={settings.model}: {error}; timm.list_models() lists the names") from None
    about, expected = network.pretrained_cfg, timm.data.resolve_model_data_config(network)
    if _file(settings):
        heads = about.get("classifier") or ()
        _load_file(network, settings, (heads,) if isinstance(heads, str) else tuple(heads))
    source = about.get("hf_hub_id") or about.get("url")
    return Loaded(
        network, expected["input_size"][-1], expected["mean"], expected["std"], source, about.get("license") or UNKNOWN
    )


def _monai(settings: EncoderConfig) -> Loaded:
    from monai.networks import nets
    from monai.networks.nets.resnet import get_medicalnet_pretrained_resnet_args

    depth = re.fullmatch(r"resnet(10|18|34|50|101|152|200)", settings.model)
    if not depth:
        raise _no_such(settings, "choose resnet10, 18, 34, 50, 101, 152 or 200")
    # in two dimensions the layers are those of torchvision's ResNets
    bias, shortcut = get_medicalnet_pretrained_resnet_args(int(depth[1])) if settings.dimensions == 3 else (False, "B")
    network = getattr(nets, settings.model)(
        spatial_dims=settings.dimensions,
        n_input_channels=settings.channels,
        conv1_t_stride=2,
        shortcut_type=shortcut,
        bias_downsample=bias,
        feed_forward=False,
    )
    if _file(settings):
        _load_file(network, settings, ("fc",))
    return Loaded(network)


def _texture(settings: EncoderConfig) -> Loaded:
    if settings.model not in VECTORS:
        raise _no_such(settings, f"choose {' or '.join(VECTORS)}")
    source = "no weights: Laws' masks (Laws, 1980)"
    return Loaded(TextureEnergies(settings.model), source=source, licence="none needed")


def _file(settings: EncoderConfig) -> str | None:
    """The path of the weights; None if they are random, the library's or none."""
    known = {"torchvision": "imagenet", "timm": "pretrained", "texture": "none"}
    return None if settings.weights in ("scratch", known.get(settings.library)) else settings.weights


def _load_file(network: nn.Module, settings: EncoderConfig, heads: tuple[str, ...]) -> None:
    choice = _choice(settings)
    state = _own_names(read_weights(str(settings.weights), choice), network)
    load_weights(network, state, choice, NAMED, heads)


def _own_names(state: object, network: nn.Module) -> object:
    """A state dict with the names of the network.

    MedicalNet's is in a dictionary, with `module.` before each name; RadImageNet's numbers the network's parts:
    `backbone.0.weight` is of the first one.
    """
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict):
        return state
    parts = dict(enumerate(name for name, _ in network.named_children()))

    def own(name: str) -> str:
        name = name.removeprefix("module.")
        numbered = re.match(r"backbone\.(\d+)\.", name)
        part = parts.get(int(numbered[1])) if numbered else None
        return f"{part}.{name[numbered.end() :]}" if numbered and part else name

    return {own(str(name)): value for name, value in state.items()}


def _choice(settings: EncoderConfig) -> str:
    return f"encoder.weights={settings.weights}"


def _no_such(settings: EncoderConfig, known: str) -> InputError:
    return InputError(f"{NAMED}={settings.model}: {settings.library} has no such network; {known}")


def origin(settings: EncoderConfig, loaded: Loaded, seed: int) -> dict[str, str]:
    """`source` and `licence` of the weights: as the config states them, or the library."""
    if settings.weights == "scratch":
        return {"source": f"random weights, seed {seed}", "licence": "none needed"}
    if file := _file(settings):
        return {"source": settings.source or Path(file).name, "licence": settings.licence or UNKNOWN}
    return {"source": loaded.source or UNKNOWN, "licence": loaded.licence or UNKNOWN}
