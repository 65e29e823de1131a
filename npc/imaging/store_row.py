"""A row of the slice store, from the files of a study."""

import numpy as np

from npc.cohort.studies import Study
from npc.imaging.content import voxels_hash
from npc.imaging.contrast import check_contrast
from npc.imaging.control_images import altered
from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import network_input
from npc.imaging.readers import read_scan


def make_row(study: Study, settings: Preprocess) -> tuple[np.ndarray, str]:
    """The row, and the hash of the image's voxels, which a control has not altered.

    Args:
        study: image and outline of a patient.
        settings: of the network's input.

    Raises:
        InputError: they cannot be read, or the tumour has no contrast.
    """
    scan = read_scan(study)
    check_contrast(scan, study.image)
    shown = altered(scan, study.control)
    row, _ = network_input(shown.image, shown.mask, settings, shown.spacing[1:], shown.shown)
    return row, voxels_hash(scan.image)
