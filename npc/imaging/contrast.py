"""An image whose tumour has one value only: a failed conversion, a mask in its place, the outline of another image."""

from pathlib import Path

import numpy as np

from npc.errors import InputError
from npc.imaging.readers import Scan


def check_contrast(scan: Scan, image: Path) -> None:
    """Checks that the image differs within its outline; an outline of one voxel, or of none, can't.

    Args:
        scan: image and outline.
        image: the image's path, for the message.

    Raises:
        InputError: the image has one value, within the outline or everywhere, or is a copy of the outline.
    """
    tumour = scan.image[scan.mask]
    if tumour.size <= 1 or np.ptp(tumour):
        return
    if (scan.image == tumour[0]).all():
        raise InputError(f"{image} has one value ({tumour[0]:g}) in all voxels; convert or export it again.")
    if np.array_equal(scan.image != 0, scan.mask):
        raise InputError(f"{image} is a copy of its outline; give the image.")
    raise InputError(
        f"{image} has one value ({tumour[0]:g}) in all voxels inside the outline; "
        "check that image and outline belong together, or leave the patient out."
    )
