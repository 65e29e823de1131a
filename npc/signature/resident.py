"""All slices in the memory of a GPU, and their augmentation there (`trainer.resident`).

Its arithmetic takes less time than reading and augmenting patient by patient on a processor.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from npc.errors import InputError
from npc.signature.data import SliceDataset
from npc.signature.draws import Draws
from npc.signature.endpoints import Outcome
from npc.signature.sizes import Sized


class ResidentDataset(SliceDataset):
    """Makes the batches of `SliceDataset` on a device, equal to its own but for rounding; `to` comes first."""

    def to(self, device: torch.device) -> None:
        """Copies slices (1 byte a pixel), outcomes and sizes to a device.

        Raises:
            InputError: its memory is too small.
        """
        shape = self.slices[0].array[:0, self.channels].shape[1:]
        planes = _empty((len(self.patients), len(self.slices), *shape), device)
        present: np.ndarray = np.full((len(self.patients), len(self.slices)), True)
        for number, of in enumerate(self.slices):
            array = self._planes(of, self.patients)
            planes[:, number].copy_(torch.from_numpy(array))
            if self.masked:
                present[:, number] = array.any(axis=(1, 2, 3))
        self.planes: Tensor | None = planes
        self.present = present
        self.outcomes = self.outcomes.to(device)
        self.sizes = None if self.sizes is None else self.sizes.to(device)

    def release(self) -> None:
        """Frees the memory of the device."""
        self.planes = None

    def __getitems__(self, indices: Sequence[int | tuple[int, int]]) -> tuple[Tensor | Sized, Outcome]:
        """A batch: PyTorch's loader gives all of its indices at once."""
        assert self.planes is not None
        drawn = [index for index in indices if isinstance(index, tuple)]
        numbers = [index[0] if isinstance(index, tuple) else index for index in indices]
        rows = torch.tensor(numbers, device=self.planes.device)
        x = self.planes[rows].float() / 255
        if drawn:
            x = augmented(x.flatten(1, 2), self._draws(drawn)).reshape(x.shape)
            if self.masked:
                kept = [self._kept(self.present[number], epoch, number) for number, epoch in drawn]
                x = x * torch.stack(kept).to(x.device)[:, :, None, None, None]
        outcome = Outcome(*self.outcomes[rows].unbind(1))
        return (x if self.sizes is None else Sized(x, self.sizes[rows])), outcome


def _empty(shape: tuple[int, ...], device: torch.device) -> Tensor:
    try:
        return torch.empty(shape, dtype=torch.uint8, device=device)
    except torch.OutOfMemoryError:
        raise InputError(
            f"trainer.resident=true: the slices take {math.prod(shape) / 2**30:.1f} GiB, more than {device} has free; "
            "set trainer.resident=false"
        ) from None


def augmented(images: Tensor, draws: Draws) -> Tensor:
    """The augmented images, on the device on which they are.

    Args:
        images: float32 (patient, channel, row, column) with values from 0 to 1.
        draws: of the same patients.
    """
    if draws.mirrored is not None:
        images = torch.where(_each(draws.mirrored, images), images.flip(3), images)
    if draws.upended is not None:
        images = torch.where(_each(draws.upended, images), images.flip(2), images)
    if draws.turned is not None:
        images = torch.where(_each(draws.turned, images), images.rot90(1, (2, 3)), images)
    if draws.matrix is not None:
        images = _moved(images, torch.from_numpy(draws.matrix).to(images.device))
    if draws.factor is not None:
        images = images * (1 + _each(draws.factor, images))
    for gamma in draws.gammas:
        images = _contrast(images, _each(gamma, images))
    return images.clamp(0, 1)


def _each(values: np.ndarray, images: Tensor) -> Tensor:
    """One value for each patient's images."""
    return torch.from_numpy(values).to(images.device).reshape(-1, 1, 1, 1)


def _moved(images: Tensor, matrix: Tensor) -> Tensor:
    """As MONAI's `RandAffine`, bilinear, with zeros beyond the border.

    Args:
        images: (patient, channel, row, column).
        matrix: (patient, 3, 3), from a place in the new image to its place in the old one, (row, column) in pixels from
            the centre.
    """
    matrix = matrix.clone()
    matrix[:, :2, 2] *= 2 / images.shape[-1]  # PyTorch's coordinates are from -1 to 1
    theta = matrix[:, [[1], [0]], [[1, 0, 2]]].float()  # and begin with the column
    return grid_sample(images, affine_grid(theta, list(images.shape), align_corners=False), align_corners=False)


def _contrast(images: Tensor, gamma: Tensor) -> Tensor:
    """As MONAI's `AdjustContrast` of each patient."""
    low, high = (end(dim=(1, 2, 3), keepdim=True) for end in (images.amin, images.amax))
    return ((images - low) / (high - low + 1e-7)) ** gamma * (high - low) + low
