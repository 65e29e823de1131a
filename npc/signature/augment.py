"""Random augmentation of the training images with MONAI."""

import math
from itertools import product

import torch
from monai.config import NdarrayOrTensor
from monai.transforms import (
    AdjustContrast,
    Compose,
    RandAdjustContrast,
    RandAffine,
    RandFlip,
    RandGaussianNoise,
    RandRotate90,
    RandScaleIntensity,
    RandSmoothDeform,
    Transform,
)
from monai.transforms.utils import create_grid
from monai.utils import convert_to_tensor
from torch import Tensor
from torch.nn.functional import grid_sample

from npc.config.method_schema import AugmentConfig

VECTORS = 1024  # numbers; a multiple of those that PyTorch computes at a time, also when threads share them


class Augmentation:
    """Flips, changes of place and shape, and intensity changes that keep the zero background at zero.

    MONAI draws all that is random. Of the common steps, what is drawn is applied here, with the arithmetic of MONAI's
    transforms and therefore the same numbers, but on the part of the image that is not 0 alone and without their
    bookkeeping, which take most of their time.

    Args:
        settings: see `conf/augment/light.yaml` and `strong.yaml`.
        size: side of the images, pixels.
    """

    def __init__(self, settings: AugmentConfig, size: int) -> None:
        self.steps = augmentation(settings, size)
        self._grid = torch.as_tensor(create_grid((size, size), dtype=torch.float32, backend="torch"))

    def __bool__(self) -> bool:
        return bool(self.steps.transforms)

    def __call__(self, image: Tensor, seed: int) -> Tensor:
        """The augmented image.

        Args:
            image: float32 (channel, row, column) with values from 0 to 1; all channels move together.
            seed: of the draws.
        """
        self.steps.set_random_state(seed=seed)
        for step in self.steps.transforms:
            image = self._changed(step, image)
        return image.clamp(0, 1)

    def _changed(self, step: Transform, image: Tensor) -> Tensor:
        match step:
            case RandFlip():
                step.randomize(None)
                return convert_to_tensor(step.flipper(image), track_meta=False) if step._do_transform else image
            case RandRotate90():  # a quarter turn at most
                step.randomize()
                return image.rot90(1, (1, 2)) if step._do_transform else image
            case RandAffine():
                step.randomize()
                step.rand_affine_grid(image.shape[1:], lazy=True)
                matrix = step.rand_affine_grid.get_transformation_matrix()
                assert matrix is not None
                return _moved(image, matrix.to(torch.float32), self._grid)
            case RandScaleIntensity():
                step.randomize()
                return image * (1 + step.factor)
            case RandAdjustContrast():
                step.randomize()
                return _contrast(image, step.gamma_value)
        return convert_to_tensor(step(image), track_meta=False)


def _inside(image: Tensor) -> tuple[slice, slice]:
    """Rows and columns of the smallest rectangle that holds all that is not 0."""
    marked = image.any(dim=0)
    rows, columns = (marked.any(dim=axis).nonzero() for axis in (1, 0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _moved(image: Tensor, matrix: Tensor, grid: Tensor) -> Tensor:
    """As MONAI's `RandAffine`, bilinear, with zeros beyond the border.

    Args:
        image: (channel, row, column).
        matrix: (3, 3), from a place in the new image to its place in the old one, both from the centre.
        grid: homogeneous places of all pixels from the centre, (3, row, column).
    """
    size, new = image.shape[1], torch.zeros_like(image)
    box = _inside(image)
    if not image[:, box[0], box[1]].numel():
        return new
    # where the corners of what is not 0 go, and a pixel further out, which is interpolated with them
    corners = [[end - (size - 1) / 2 for end in (side.start - 1, side.stop)] for side in box]
    places = torch.tensor([[*corner, 1] for corner in product(*corners)], dtype=torch.float64).T
    reached = torch.linalg.solve(matrix.double(), places)[:2] + (size - 1) / 2
    first = reached.amin(dim=1).floor().clamp(0, size).int().tolist()
    last = (reached.amax(dim=1).ceil() + 1).clamp(0, size).int().tolist()
    rows, columns = slice(first[0], last[0]), slice(first[1], last[1])
    part = grid[:, rows, columns]
    if not part[0].numel():
        return new
    old = (matrix @ part.reshape(3, -1)).reshape(part.shape)
    points = old[[1, 0]].movedim(0, -1).double() * (2.0 / size)
    new[:, rows, columns] = grid_sample(image[None].double(), points[None], align_corners=False)[0].float()
    return new


def _contrast(image: Tensor, gamma: float) -> Tensor:
    """As MONAI's `AdjustContrast`, where the image is not 0.

    PyTorch's power function rounds in another way in the last elements of a tensor whose length is no multiple of its
    vectors.
    """
    low, high = image.aminmax()
    if low != 0 or image.numel() % VECTORS:
        return convert_to_tensor(AdjustContrast(gamma)(image), track_meta=False)
    rows, columns = _inside(image)
    part = image[:, rows, columns]
    padded = torch.zeros(-(-part.numel() // VECTORS) * VECTORS)
    padded[: part.numel()] = part.flatten()
    changed = (padded / float(high + 1e-7)) ** gamma * high
    new = torch.zeros_like(image)
    new[:, rows, columns] = changed[: part.numel()].reshape(part.shape)
    return new


def augmentation(settings: AugmentConfig, size: int) -> Compose:
    """The transforms of an `Augmentation`, with the same arguments."""
    steps: list[Transform] = []
    if settings.flip:
        steps.append(RandFlip(prob=settings.flip, spatial_axis=1))
    if settings.vertical_flip:
        steps.append(RandFlip(prob=settings.vertical_flip, spatial_axis=0))
    if settings.quarter_turn:
        steps.append(RandRotate90(prob=settings.quarter_turn, max_k=1))
    if settings.rotate or settings.shift or settings.scale:
        steps.append(
            RandAffine(
                prob=1,
                rotate_range=math.radians(settings.rotate),
                translate_range=(settings.shift * size,) * 2,
                scale_range=(settings.scale,) * 2 if settings.scale else None,
                padding_mode="zeros",
            )
        )
    if settings.elastic:
        steps.append(
            RandSmoothDeform(
                spatial_size=(size, size),
                rand_size=(8, 8),
                field_mode="bicubic",
                prob=1,
                def_range=2 * settings.elastic,  # MONAI's coordinates are from -1 to 1
                grid_mode="bilinear",
                grid_padding_mode="zeros",
                grid_align_corners=True,  # as MONAI's grid: without deformation the image stays as it is
            )
        )
    if settings.intensity:
        steps.append(RandScaleIntensity(factors=settings.intensity, prob=1))
        steps.append(RandAdjustContrast(prob=1, gamma=(1 - settings.intensity, 1 + settings.intensity)))
    if settings.gamma:
        steps.append(RandAdjustContrast(prob=1, gamma=(1 / (1 + settings.gamma), 1 + settings.gamma)))
    if settings.noise:
        steps.append(TumourNoise(prob=1, std=settings.noise))
    return Compose(steps)


class TumourNoise(RandGaussianNoise):
    """Gaussian noise on all pixels but those of value 0, the background; its SD is drawn between 0 and `std`."""

    def __call__(
        self, img: NdarrayOrTensor, mean: float | None = None, randomize: bool = True
    ) -> NdarrayOrTensor:  # all channels together
        """The image with noise, which can be below 0 or above 1."""
        return super().__call__(img, mean, randomize) * (img > 0)
