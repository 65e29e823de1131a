"""An image without contrast in its outline is refused, by the check of a cohort and before its slices are stored."""

from pathlib import Path

import numpy as np
import pytest

from npc.errors import InputError
from npc.imaging.contrast import check_contrast
from npc.imaging.readers import Scan

IMAGE = Path("P1/cet1.nii.gz")
VALUES = np.random.default_rng(0).integers(0, 100, (4, 6, 8)).astype(np.float32)
OUTLINE = np.zeros(VALUES.shape, bool)
OUTLINE[1:3, 2:5, 2:6] = True


def check(values: np.ndarray, outline: np.ndarray = OUTLINE) -> None:
    check_contrast(Scan(values.astype(np.float32), outline, (3, 1, 1)), IMAGE)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (VALUES * 0, r"one value \(0\) in all voxels; convert"),
        (VALUES * 0 + 7, r"one value \(7\) in all voxels; convert"),
        (OUTLINE, "copy of its outline; give the image"),
        (OUTLINE * 255, "copy of its outline; give the image"),
        (np.where(OUTLINE, 7, VALUES), r"one value \(7\) in all voxels inside the outline"),
        (np.where(OUTLINE, 0, VALUES), r"one value \(0\) in all voxels inside the outline"),
    ],
)
def test_images_of_one_value(values, words):
    with pytest.raises(InputError, match=f"P1/cet1.nii.gz .*{words}"):
        check(values)


def test_an_image_that_differs_or_an_outline_of_one_voxel():
    check(VALUES)
    almost = VALUES * 0
    almost[1, 2, 2] = 1
    check(almost)
    dot = OUTLINE & False
    dot[0, 0, 0] = True
    check(VALUES, dot)
