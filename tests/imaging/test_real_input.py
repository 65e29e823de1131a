"""The DICOM and the NIfTI copy of a real scan are the same to the network."""

from pathlib import Path

import numpy as np
import pytest

from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import network_input
from tests.scans import read_scan


@pytest.mark.slow
@pytest.mark.parametrize("patient", ["STS_002", "STS_025", "STS_042"])
@pytest.mark.parametrize("settings", [Preprocess(size=128), Preprocess(size=512), Preprocess(size=128, crop="roi")])
def test_real_studies_give_the_same_input_within_one_grey_level(npc_data: Path, patient: str, settings: Preprocess):
    series = npc_data / "sts" / "dicom" / patient / "MR_T1"
    volume = npc_data / "sts" / "nifti" / patient
    dicom = read_scan(series / "image", series / "mask" / "RS.dcm", roi="GTV_Mass_MR_T1")
    nifti = read_scan(volume / "MR_T1_image.nii.gz", volume / "MR_T1_mask.nii.gz")
    seen = [network_input(scan.image, scan.mask, settings)[0].astype(int) for scan in (dicom, nifti)]
    assert np.abs(seen[0] - seen[1]).max() <= 1
    assert (seen[0] > 0).sum() > 50
