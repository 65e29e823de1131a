"""Random augmentation of the training images with MONAI."""

import math

from monai.config import NdarrayOrTensor
from monai.transforms import (
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

from npc.config.schema import AugmentConfig


def augmentation(settings: AugmentConfig, size: int) -> Compose:
    """Flips, changes of place and shape, and intensity changes that keep the zero background at zero.

    The transform takes a tensor (channel, row, column) with values from 0 to 1; all channels move together.

    Args:
        settings: see `conf/augment/light.yaml` and `strong.yaml`.
        size: side of the images, pixels.
    """
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
