"""The page on which a cohort is looked at."""

import base64
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import network_input
from tests.commands import run_here
from tests.scans import read_scan

pytestmark = pytest.mark.slow

SIZE = 64


@pytest.fixture(scope="module")
def folder(drawn: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve patients: two with faults, of the table and of an image; one with a tiny outline; one without T2."""
    home = tmp_path_factory.mktemp("look") / "cohort"
    shutil.copytree(drawn(seed=1, n=12, external=4, matrix=32, signal=1.0, readers=0), home)
    table = pd.read_csv(home / "patients.csv", dtype=str).set_index("patient_id")
    table.loc["H1-0003", "t_stage"] = "<T5>"
    table.loc["H1-0006", ["t2_image", "t2_mask"]] = None
    (home / table.at["H1-0004", "t2_mask"]).write_bytes(b"")
    tiny = home / table.at["H1-0005", "cet1_mask"]
    mask = sitk.ReadImage(tiny)
    voxels = np.zeros_like(sitk.GetArrayFromImage(mask))
    voxels[0, 10:12, 0] = 1
    small = sitk.GetImageFromArray(voxels)
    small.CopyInformation(mask)
    sitk.WriteImage(small, tiny)
    table.reset_index().to_csv(home / "patients.csv", index=False)
    return home


def patients(page: str) -> dict[str, str]:
    """The part of each patient, in order."""
    return dict(re.findall(r'<article id="([^"]*)">(.*?)</article>', page, re.DOTALL))


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    file = folder.parent / "look.html"
    choices = ["cohort=table", f"cohort.root={folder}", "preprocess.size=32"]
    done = run_here("npc", "cohort", "look", *choices, "-o", file, "--size", SIZE)
    assert done.returncode == 0, done.stderr
    assert f"written to {file}: 12 patients, 2 with faults, " in done.stdout
    return file.read_text()


def test_who_has_a_fault_or_something_unusual_comes_first(page):
    shown = patients(page)
    assert len(shown) == 12
    assert set(list(shown)[:2]) == {"H1-0003", "H1-0004"}
    assert list(shown)[2] == "H1-0005"
    assert "t_stage is &#39;&lt;T5&gt;&#39;" in shown["H1-0003"]
    assert "t2_mask.nii.gz is empty (0 bytes)" in shown["H1-0004"]
    for phrase in ("tiny compared", "outline touches the edge", "outline in the first or last", r"[12] px of tumour"):
        assert re.search(f"cet1: {phrase}", shown["H1-0005"])
    assert "no t2" in shown["H1-0006"]
    assert "2 with faults" in page


def test_each_slice_is_beside_what_the_network_sees(page, folder):
    shown = patients(page)["H1-0007"]
    images = [
        cv2.imdecode(np.frombuffer(base64.b64decode(code), np.uint8), cv2.IMREAD_COLOR).astype(int)
        for code in re.findall(r"data:image/jpeg;base64,([^\"]+)", shown)
    ]
    assert [image.shape[:2] for image in images] == [(SIZE, SIZE), (32, 32)] * 2
    home = folder / "images" / "H1-0007"
    scan = read_scan(home / "cet1.nii.gz", home / "cet1_mask.nii.gz")
    given, largest = network_input(scan.image, scan.mask, Preprocess(32), scan.spacing[1:])
    assert f"cet1, slice {largest + 1} of {len(scan.mask)}" in shown
    assert np.abs(images[1][..., 0] - given[1]).mean() < 5
    coloured = np.ptp(images[0], axis=2) > 60  # the outline's edge
    inside = cv2.resize(scan.mask[largest].astype(np.uint8), (SIZE, SIZE), interpolation=cv2.INTER_NEAREST_EXACT)
    near = cv2.dilate(inside, np.ones((7, 7))) - cv2.erode(inside, np.ones((7, 7)))
    assert coloured.sum() > 20
    assert near[coloured].mean() > 0.95  # JPEG spreads colour a little


def test_the_page_needs_no_network(page):
    assert not re.search(r"https?://|<script|<link|@import", page)


def test_a_cohort_without_a_table_is_a_fault(tmp_path):
    done = run_here("npc", "cohort", "look", "cohort=table", f"cohort.root={tmp_path}", "-o", tmp_path / "look.html")
    assert done.returncode == 2
    assert "patients.csv is missing" in done.stderr
    assert not (tmp_path / "look.html").exists()
