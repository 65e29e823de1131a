"""Random augmentation of the training images with MONAI."""

import math

from monai.transforms import Compose, RandAdjustContrast, RandAffine, RandFlip, RandScaleIntensity, Transform

from npc.config.schema import AugmentConfig


def augmentation(settings: AugmentConfig, size: int) -> Compose:
    """Flips, small rotations and shifts, and intensity changes that keep the zero background at zero.

    The transform takes a tensor (channel, row, column) with values from 0 to 1; all channels move together.

    Args:
        settings: see `conf/augment/light.yaml`.
        size: side of the images, pixels.
    """
    steps: list[Transform] = []
    if settings.flip:
        steps.append(RandFlip(prob=settings.flip, spatial_axis=1))
    if settings.rotate or settings.shift:
        steps.append(
            RandAffine(
                prob=1,
                rotate_range=math.radians(settings.rotate),
                translate_range=(settings.shift * size,) * 2,
                padding_mode="zeros",
            )
        )
    if settings.intensity:
        steps.append(RandScaleIntensity(factors=settings.intensity, prob=1))
        steps.append(RandAdjustContrast(prob=1, gamma=(1 - settings.intensity, 1 + settings.intensity)))
    return Compose(steps)
