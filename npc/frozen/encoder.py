"""An encoder with fixed weights: from a slice to its features."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from npc.config.method_schema import EncoderConfig
from npc.errors import InputError
from npc.frozen import texture
from npc.frozen.libraries import load, origin
from npc.imaging.content import digest

RECIPE = 1  # raise it when the same slice and settings give other features


class Encoder:
    """Features of one slice (2D), or of the slices as one volume (3D).

    A slice goes through alone, on the CPU, with a fixed number of threads: its features then depend on nothing else.
    Without a mean and SD of the settings or the library, each input is standardised by its own.

    Args:
        settings: `encoder`.
        seed: of random weights.

    Attributes:
        about: name, source, licence, input size and normalisation, for `metrics.json`.
        hash: of all that its features depend on, apart from the slice.

    Raises:
        InputError: there is no such network, or its weights or settings do not fit.
    """

    def __init__(self, settings: EncoderConfig, seed: int) -> None:
        loaded = load(settings, seed)
        self.network, self.settings = loaded.network, settings
        self.size = settings.input_size or loaded.size
        given = settings.mean is not None
        mean, sd = (settings.mean, settings.sd) if given else (loaded.mean, loaded.sd)
        self.mean, self.sd = _of_channels(mean, settings.channels), _of_channels(sd, settings.channels)
        self.about: dict[str, Any] = {
            "name": f"{settings.model} ({settings.library})",
            **origin(settings, loaded, seed),
            "input_size": self.size,
            "mean": self.mean,
            "sd": self.sd,
            "channels": settings.channels,
            "dimensions": settings.dimensions,
            "weights_sha256": _weights_hash(self.network.state_dict()),
        }
        own = str(texture.RECIPE) if settings.library == "texture" else version(settings.library)
        made_by = {"torch": version("torch"), settings.library: own}
        depends = {key: value for key, value in self.about.items() if key not in ("source", "licence")}
        self.hash = digest(json.dumps([RECIPE, settings.threads, made_by, depends], sort_keys=True))

    def inputs(self, planes: np.ndarray) -> Sequence[np.ndarray]:
        """What goes through the network: each slice that has an outline, or these slices as one volume.

        Args:
            planes: uint8 (slices, row, column); a slice without outline is 0.
        """
        outlined = planes[planes.any(axis=(1, 2))]
        return [outlined] if self.settings.dimensions == 3 else [plane[None] for plane in outlined]

    @torch.inference_mode()
    def features(self, planes: np.ndarray) -> np.ndarray:
        """The features of one input.

        Args:
            planes: of `inputs`, uint8 (slices, row, column); one slice in 2D.

        Returns:
            float32 (features,).

        Raises:
            InputError: the network does not take images of this size, or its features are not finite.
        """
        torch.set_num_threads(self.settings.threads)
        x = self._normalised(torch.tensor(planes).float() / 255)
        try:
            found = self.network(x)
        except Exception as error:  # of many types: it may be any network
            raise self._does_not_fit(x, str(error).partition("\n")[0]) from None
        if not isinstance(found, Tensor) or found.ndim != 2 or not torch.isfinite(found).all():
            raise self._does_not_fit(x, "its output is not one row of finite features")
        return found[0].numpy()

    def _normalised(self, x: Tensor) -> Tensor:
        """(1, channel, row, column), or (1, channel, slice, row, column), of slices from 0 to 1."""
        x = x[None]
        if self.size and x.shape[-1] != self.size:
            x = interpolate(x, size=(self.size, self.size), mode="bilinear", antialias=True)
        if self.settings.dimensions == 3:
            x = x[None]
        if self.mean is None or self.sd is None:
            x = (x - x.mean()) / x.std().clamp(min=1e-6)
        x = x.expand(1, self.settings.channels, *x.shape[2:])
        if self.mean is not None and self.sd is not None:
            shape = (1, -1, *[1] * self.settings.dimensions)
            x = (x - torch.tensor(self.mean).view(shape)) / torch.tensor(self.sd).view(shape)
        return x

    def _does_not_fit(self, x: Tensor, reason: str) -> InputError:
        return InputError(
            f"encoder.input_size={x.shape[-1]}, encoder.channels={x.shape[1]}: {self.settings.model} does not take "
            f"such images ({reason}); set those that it takes"
        )


def _weights_hash(state: Mapping[str, Tensor]) -> str:
    """SHA-256 of names and values."""
    content = hashlib.sha256()
    for name, value in sorted(state.items()):
        content.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        content.update(value.contiguous().numpy().tobytes())
    return content.hexdigest()


def _of_channels(values: Sequence[float] | None, channels: int) -> list[float] | None:
    """For a network of one channel, the mean of what its library states for three."""
    if values is None:
        return None
    return [float(value) for value in values] if len(values) == channels else [float(np.mean(values))]
