"""All slices in the memory of a GPU, and their augmentation there (`trainer.resident`).

Its arithmetic takes less time than reading and augmenting patient by patient on a processor.
"""

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from monai.transforms import RandAdjustContrast, RandAffine, RandFlip, RandRotate90, RandScaleIntensity, Transform
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from npc.config.schema import AugmentConfig
from npc.errors import InputError
from npc.signature.augment import augmentation
from npc.signature.data import SliceDataset
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
        self.change = BatchAugmentation(self.settings, planes.shape[-1])

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
            x = self.change(x.flatten(1, 2), [self._draw(*of) for of in drawn]).reshape(x.shape)
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


class BatchAugmentation:
    """The draws of `Augmentation`, applied to a whole batch at once.

    Args:
        settings: see `conf/augment/light.yaml`; without deformation and noise (`is_possible`).
        size: side of the images, pixels.
    """

    @staticmethod
    def is_possible(settings: AugmentConfig) -> bool:
        """Whether each step draws one number or matrix for a patient, not a field of numbers."""
        return not settings.elastic and not settings.noise

    def __init__(self, settings: AugmentConfig, size: int) -> None:
        self.steps, self.size = augmentation(settings, size), size

    def __call__(self, images: Tensor, seeds: Sequence[int]) -> Tensor:
        """The augmented images.

        Args:
            images: float32 (patient, channel, row, column) with values from 0 to 1, on any device.
            seeds: of the draws, one for each patient.
        """
        drawn = [self._drawn(seed) for seed in seeds]
        for step, values in zip(self.steps.transforms, zip(*drawn, strict=True), strict=False):
            value = torch.from_numpy(np.stack(values)).to(images.device)
            images = self._changed(step, images, value)
        return images.clamp(0, 1)

    def _drawn(self, seed: int) -> list[Any]:
        """What each step draws for a patient: whether it acts, a matrix, or a number."""
        self.steps.set_random_state(seed=seed)
        drawn: list[Any] = []
        for step in self.steps.transforms:
            match step:
                case RandFlip():
                    step.randomize(None)
                    drawn.append(np.array(step._do_transform))
                case RandRotate90():
                    step.randomize()
                    drawn.append(np.array(step._do_transform))
                case RandAffine():
                    step.randomize()
                    step.rand_affine_grid((self.size, self.size), lazy=True)
                    matrix = step.rand_affine_grid.get_transformation_matrix()
                    assert matrix is not None
                    drawn.append(np.asarray(matrix, dtype=np.float64))
                case RandScaleIntensity():
                    step.randomize()
                    drawn.append(np.float32(step.factor))
                case RandAdjustContrast():
                    step.randomize()
                    drawn.append(np.float32(step.gamma_value))
        return drawn

    def _changed(self, step: Transform, images: Tensor, value: Tensor) -> Tensor:
        each = value.reshape(-1, 1, 1, 1) if value.ndim == 1 else value
        match step:
            case RandFlip():
                return torch.where(each, images.flip(2 + cast(int, step.flipper.spatial_axis)), images)
            case RandRotate90():  # a quarter turn at most
                return torch.where(each, images.rot90(1, (2, 3)), images)
            case RandAffine():
                return _moved(images, value)
            case RandScaleIntensity():
                return images * (1 + each)
        return _contrast(images, each)


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
