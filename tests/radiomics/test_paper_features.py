"""The five features of the paper's signature, on real tumours, against a second computation."""

from dataclasses import replace

import numpy as np
import pytest
import pywt

from npc.imaging.readers import Scan
from npc.imaging.slices import three_slices
from npc.radiomics.features import features
from tests.radiomics.feature_settings import PAPER
from tests.radiomics.independent import HIGH, LOW, paper_features
from tests.scans import read_scan


def read(npc_data, patient) -> Scan:
    folder = npc_data / "sts" / "nifti" / patient
    return read_scan(folder / "MR_T1_image.nii.gz", folder / "MR_T1_mask.nii.gz")


def extracted(scan: Scan) -> dict[str, float | None]:
    """The classes of the five with the paper's settings, on the three slices."""
    settings = replace(
        PAPER, filters=["original", "wavelet", "squareroot"], classes=["shape", "firstorder", "glszm", "glcm"]
    )
    return features([scan], settings, ["three"])[0]["three"]


@pytest.mark.parametrize("patient", ["STS_002", "STS_025", "STS_042"])
def test_the_five_features_of_the_paper(npc_data, patient):
    scan = read(npc_data, patient)
    found = extracted(scan)
    expected = paper_features(scan.image, scan.mask, sorted(set(three_slices(scan.mask))), scan.spacing)
    assert len(expected) == 5
    error = {name: abs(found[name] / value - 1) for name, value in expected.items()}
    assert max(error.values()) < 1e-9


def test_taps_are_those_of_the_engine():
    """In the order in which it convolves."""
    engine = pywt.Wavelet("coif1")
    np.testing.assert_allclose(engine.dec_lo, LOW, atol=1e-12)
    np.testing.assert_allclose(engine.dec_hi, HIGH, atol=1e-12)


@pytest.mark.slow
def test_features_of_every_patient_equal_the_independent_ones(npc_data):
    """All 38 with NIfTI files."""
    patients = sorted(path.name for path in (npc_data / "sts" / "nifti").iterdir())
    worst = {}
    for patient in patients:
        scan = read(npc_data, patient)
        found = extracted(scan)
        expected = paper_features(scan.image, scan.mask, sorted(set(three_slices(scan.mask))), scan.spacing)
        worst[patient] = max(abs(found[name] / value - 1) for name, value in expected.items())
    assert len(worst) == 38
    assert max(worst.values()) < 1e-9
