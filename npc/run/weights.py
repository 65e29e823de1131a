"""The first weights of a network: published ones, or those of a file."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
import torchvision
from torch import Tensor, nn

from npc.errors import InputError

Downloaded = TypeVar("Downloaded")


def initial_weights(name: str, weights: str) -> object | None:
    """The state dict of `network.weights`; None for `scratch`.

    Args:
        name: of a torchvision network.
        weights: `scratch`, `imagenet` (torchvision's, from its cache or its website) or the path of a state dict.

    Raises:
        InputError: they can't be read or downloaded.
    """
    if weights == "scratch":
        return None
    if weights == "imagenet":
        published = torchvision.models.get_model_weights(name).DEFAULT
        return download(lambda: published.get_state_dict(progress=True, check_hash=True), "network.weights=imagenet")
    return read_weights(weights, f"network.weights={weights}")


def download(fetch: Callable[[], Downloaded], choice: str) -> Downloaded:
    """What `fetch` gives, which may use the network.

    Args:
        fetch: of a library.
        choice: the key and its value, for messages.

    Raises:
        InputError: it can't be downloaded.
    """
    try:
        return fetch()
    except Exception as error:  # of many types: each library has its own
        raise InputError(
            f"{choice}: cannot be downloaded ({error}); download the file elsewhere and give its path"
        ) from None


def read_weights(path: str, choice: str) -> object:
    """The content of a file of weights, which no code in the file takes part in.

    Args:
        path: written by `torch.save`, or by safetensors with that suffix.
        choice: the key and its value, for messages.

    Raises:
        InputError: there is no such file, or it is of another kind.
    """
    file = Path(path).expanduser()
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(file)
        return torch.load(file, map_location="cpu", weights_only=True)
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"{choice}: there is no such file; correct the path") from None
    except OSError as error:
        raise InputError(f"{choice}: cannot be read ({error.strerror or error}); make the file readable") from None
    except Exception as error:  # with a file of another kind torch.load raises errors of many types
        raise InputError(
            f"{choice}: is not a file of weights ({type(error).__name__}); give a state dict that "
            "torch.save has written"
        ) from None


def load_weights(network: nn.Module, state: object, choice: str, named: str, heads: tuple[str, ...] = ("fc",)) -> None:
    """Loads all layers but the last one, which belongs to the signature.

    Args:
        network: of which every other layer must have weights.
        state: a state dict.
        choice: the key and its value, for messages.
        named: the key that names the network.
        heads: names of the last layer.

    Raises:
        InputError: it is no state dict, or of another network.
    """
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(f"{choice}: is not a state dict (names and tensors); give one")
    last = tuple(f"{head}." for head in heads)
    own = {name: value for name, value in network.state_dict().items() if not name.startswith(last)}
    state = {name: value for name, value in state.items() if not name.startswith(last)}
    misfits = [name for name in own if getattr(state.get(name), "shape", None) != own[name].shape]
    # before torch 0.4.1 batch norm did not count its batches
    misfits = [name for name in misfits if name in state or not name.endswith("num_batches_tracked")]
    misfits += [name for name in state if name not in own]
    if misfits:
        raise InputError(
            f"{choice}: does not fit the network: {', '.join(misfits[:3])} and others; give the weights of {named}"
        )
    network.load_state_dict(state, strict=False)
