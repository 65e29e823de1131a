"""All slices in the memory of a GPU, and their augmentation there (`trainer.resident`).

Its arithmetic takes less time than reading and augmenting patient by patient on a processor.
"""

from collections.abc import Sequence

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

# from a place in the new image to its place in the old one, (row, column) from the centre
QUARTER_TURN = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])


class ResidentDataset(SliceDataset):
    """Makes the batches of `SliceDataset` on a device, equal to its own but for rounding; `to` comes first."""

    def to(self, device: torch.device) -> None:
        """Copies slices (1 byte a pixel), outcomes and sizes to a device.

        Raises:
            InputError: its memory is too small.
        """
        planes = np.stack([self._planes(of, self.patients) for of in self.slices], axis=1)
        self.present: np.ndarray = np.asarray(planes.any(axis=(2, 3, 4)))
        try:
            self.planes = torch.from_numpy(planes).to(device)
        except torch.OutOfMemoryError:
            raise InputError(
                f"trainer.resident=true: the slices take {planes.nbytes / 2**30:.1f} GiB, more than {device} has free; "
                "set trainer.resident=false"
            ) from None
        self.outcomes = self.outcomes.to(device)
        self.sizes = None if self.sizes is None else self.sizes.to(device)
        self.change = BatchAugmentation(self.settings, planes.shape[-1])

    def __getitems__(self, indices: Sequence[int | tuple[int, int]]) -> tuple[Tensor | Sized, Outcome]:
        """A batch: PyTorch's loader gives all of its indices at once."""
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


class BatchAugmentation:
    """The draws of `Augmentation`, applied to a whole batch at once.

    What moves pixels is one matrix for each patient, so that the images are interpolated once.

    Args:
        settings: see `conf/augment/light.yaml`; without deformation and noise (`is_possible`).
        size: side of the images, pixels.
    """

    @staticmethod
    def is_possible(settings: AugmentConfig) -> bool:
        """Whether all steps have this form."""
        return not settings.elastic and not settings.noise

    def __init__(self, settings: AugmentConfig, size: int) -> None:
        self.steps, self.size = augmentation(settings, size), size
        self.moves = any(_moves(step) for step in self.steps.transforms)

    def __call__(self, images: Tensor, seeds: Sequence[int]) -> Tensor:
        """The augmented images.

        Args:
            images: float32 (patient, channel, row, column) with values from 0 to 1, on any device.
            seeds: of the draws, one for each patient.
        """
        matrices, levels = zip(*map(self._drawn, seeds), strict=True)
        if self.moves:
            matrix = np.stack(matrices)
            matrix[:, :2, 2] *= 2 / self.size  # pixels to PyTorch's coordinates, from -1 to 1
            theta = matrix[:, [[1], [0]], [[1, 0, 2]]].astype(np.float32)  # columns are its first coordinate
            grid = affine_grid(torch.from_numpy(theta).to(images.device), list(images.shape), align_corners=False)
            images = grid_sample(images, grid, align_corners=False)
        kinds = [step for step in self.steps.transforms if not _moves(step)]
        for step, values in zip(kinds, np.array(levels, dtype=np.float32).T, strict=True):
            value = torch.from_numpy(values.copy()).to(images.device)[:, None, None, None]
            images = images * (1 + value) if isinstance(step, RandScaleIntensity) else _contrast(images, value)
        return images.clamp(0, 1)

    def _drawn(self, seed: int) -> tuple[np.ndarray, list[float]]:
        """The matrix of a patient, and the value of each change of the grey levels, in order."""
        self.steps.set_random_state(seed=seed)
        matrix, levels = np.eye(3), []
        for step in self.steps.transforms:
            match step:
                case RandFlip():
                    step.randomize(None)
                    if step._do_transform:
                        matrix = matrix @ np.diag([-1.0, 1, 1] if step.flipper.spatial_axis == 0 else [1.0, -1, 1])
                case RandRotate90():
                    step.randomize()
                    if step._do_transform:
                        matrix = matrix @ QUARTER_TURN
                case RandAffine():
                    step.randomize()
                    step.rand_affine_grid((self.size, self.size), lazy=True)
                    affine = step.rand_affine_grid.get_transformation_matrix()
                    assert affine is not None
                    matrix = matrix @ np.asarray(affine, dtype=np.float64)
                case RandScaleIntensity():
                    step.randomize()
                    levels.append(float(step.factor))
                case RandAdjustContrast():
                    step.randomize()
                    levels.append(float(step.gamma_value))
        return matrix, levels


def _moves(step: Transform) -> bool:
    """Whether a step moves pixels and keeps their grey levels."""
    return isinstance(step, RandFlip | RandRotate90 | RandAffine)


def _contrast(images: Tensor, gamma: Tensor) -> Tensor:
    """As MONAI's `AdjustContrast` of each patient."""
    low, high = (end(dim=(1, 2, 3), keepdim=True) for end in (images.amin, images.amax))
    return ((images - low) / (high - low + 1e-7)) ** gamma * (high - low) + low
