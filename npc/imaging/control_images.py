"""Images for negative controls: what is left of a tumour without its intensities, or without their arrangement.

A method that is trained on them shows how much of a signature needs no more than what is left. docs/controls.md
"""

from dataclasses import replace

import numpy as np

from npc.imaging.content import voxels_hash
from npc.imaging.readers import Scan


def control_image(image: np.ndarray, mask: np.ndarray, control: str, seed: int) -> np.ndarray:
    """The image of a negative control.

    Args:
        image: (slice, row, column).
        mask: bool, same shape, the outline.
        control: of `npc.names.CONTROLS`. `shape`: the outline itself, 1 inside and 0 outside, because resampling and
            filters would carry values of the surroundings across the edge. `shuffled`: the voxels of the whole outline
            permuted; their histogram is kept and their arrangement lost. `redrawn`: each voxel drawn independently
            from the voxels of the outline, with replacement. The last two keep all voxels outside of the outline.
        seed: of permutation and draw.

    Returns:
        the same shape and type.
    """
    if control == "shape":
        return mask.astype(image.dtype)
    rng, found, tumour = np.random.default_rng(seed), image.copy(), image[mask]
    found[mask] = rng.permutation(tumour) if control == "shuffled" else rng.choice(tumour, tumour.size)
    return found


def altered(scan: Scan, control: str | None) -> Scan:
    """The scan with the image of a control; the draw depends on the image's content alone.

    Args:
        scan: image and outline.
        control: of `npc.names.CONTROLS`; None leaves the scan as it is.
    """
    if control is None:
        return scan
    seed = int(voxels_hash(scan.image), 16)
    return replace(scan, image=control_image(scan.image, scan.mask, control, seed))
