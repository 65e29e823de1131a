"""Volumes whose headers ITK refuses or reads otherwise: read as other programs do, or refused for the real reason."""

import bz2
import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from npc.errors import InputError
from npc.imaging.notes import notes_of
from npc.imaging.volumes import read_volume
from tests.imaging.nifti_files import write_nifti

SHAPE = (6, 20, 22)
VALUES = np.random.default_rng(0).integers(-500, 500, SHAPE).astype(np.int16)
SPACING = (0.75, 0.8, 3.0)  # of columns, rows and slices, mm
AFFINE = np.array([[-SPACING[0], 0, 0, 10], [0, -SPACING[1], 0, -5], [0, 0, SPACING[2], 30.0]])  # origin (-10, 5, 30)
TURNED = AFFINE.copy()
TURNED[:, :3] = np.array([[0.96, -0.28, 0], [0.28, 0.96, 0], [0, 0, 1]]) @ AFFINE[:, :3]


def sheared(voxels: float, turned: bool = False) -> np.ndarray:
    """The last row displaced along the rows by so many voxels."""
    affine = (TURNED if turned else AFFINE).copy()
    affine[:, 1] += voxels / (SHAPE[1] - 1) * affine[:, 0]
    return affine


def is_read(file: Path, origin: tuple[float, ...] = (-10, 5, 30), spacing: tuple[float, ...] = SPACING) -> list[str]:
    """Asserts that values and grid are right; the notes."""
    image = read_volume(file)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), VALUES)
    np.testing.assert_allclose(image.GetOrigin(), origin, atol=1e-4)
    np.testing.assert_allclose(image.GetSpacing(), spacing, rtol=1e-4)
    axes = np.reshape(image.GetDirection(), (3, 3))
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-3)
    return notes_of(image)


def message(file: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_volume(file)
    return str(caught.value)


# NIfTI


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("name", ["a.nii", "a.Nii.Gz", "a.NII", "a.nii.GZ"])
@pytest.mark.parametrize("compress", [False, True])
def test_nifti_is_read_by_its_content_whatever_its_name_says(tmp_path, version, order, name, compress):
    file = write_nifti(tmp_path / name, VALUES, AFFINE, version=version, order=order, compress=compress)
    assert is_read(file) == []


@pytest.mark.parametrize("version", [1, 2])
def test_nifti_2_keeps_its_qform_where_there_is_no_sform(tmp_path, version):
    forms = {"forms": (1, 0), "qform": (0, 0, 1, 12, -7, 33)}  # half a turn about z
    assert is_read(write_nifti(tmp_path / "a.nii", VALUES, AFFINE, version=version, **forms), (-12, 7, 33)) == []


@pytest.mark.parametrize("more", [(1,), (1, 1), (1, 1, 1, 1)])
def test_further_axes_of_length_one_are_dropped(tmp_path, more):
    assert is_read(write_nifti(tmp_path / "a.nii", VALUES, AFFINE, more=more, version=2)) == []


def test_not_finite_voxels_of_nifti_2_are_kept(tmp_path):
    bad = VALUES.astype(np.float32)
    bad[3, 4, 5] = np.nan
    image = read_volume(write_nifti(tmp_path / "a.nii", bad, AFFINE, version=2))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), bad)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("voxels", [0.001, 0.01, 0.09, -0.09])
def test_an_sform_sheared_by_rounding_is_mended(tmp_path, voxels, turned):
    """No corner moves by more than the shear."""
    affine = sheared(voxels, turned)
    image = read_volume(write_nifti(tmp_path / "a.nii", VALUES, affine))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), VALUES)
    for corner in ((0, 0, 0), (21, 0, 0), (0, 19, 0), (21, 19, 5)):
        x, y, z = image.TransformIndexToPhysicalPoint(corner)
        offset = np.linalg.solve(affine[:, :3], affine @ [*corner, 1] - [-x, -y, z])
        assert np.abs(offset).max() <= abs(voxels) + 1e-4


@pytest.mark.parametrize("voxels", [0.11, 1, -3])
@pytest.mark.parametrize("turned", [False, True])
def test_a_sheared_nifti_is_refused(tmp_path, voxels, turned):
    found = message(write_nifti(tmp_path / "a.nii", VALUES, sheared(voxels, turned)))
    assert f"a.nii has a sheared grid (by {abs(voxels):.1f} voxels); resample it" in found
    assert "qform" not in found
    assert "set sform_code to 0" in message(write_nifti(tmp_path / "a.nii", VALUES, sheared(voxels), forms=(1, 1)))


@pytest.mark.parametrize("codes", [(1, 1), (1, 2), (2, 2), (1, 4)])
def test_an_sform_that_differs_from_the_qform_is_used_and_that_is_noted(tmp_path, codes):
    file = write_nifti(tmp_path / "a.nii", VALUES, AFFINE, forms=codes, qform=(0, 0, 1, 10, -5, 36))
    (note,) = is_read(file)
    assert note == f"{file} has an sform and a qform up to 2.0 voxels apart; the sform is used."
    close = write_nifti(tmp_path / "a.nii", VALUES, AFFINE, forms=codes, qform=(0, 0, 1, 10, -5, 30.2))
    assert notes_of(read_volume(close)) == []


def test_voxel_sizes_that_differ_from_the_sform_are_noted(tmp_path):
    (note,) = is_read(write_nifti(tmp_path / "a.nii", VALUES, AFFINE, pixdim=(1, 1, 1, 1)))
    assert "voxels of 1 x 1 x 1 mm by pixdim and of 0.75 x 0.8 x 3 mm by its sform; the sform is used" in note


def test_a_nifti_header_without_voxels_is_named(tmp_path):
    file = write_nifti(tmp_path / "a.nii", VALUES, AFFINE)
    file.write_bytes(file.read_bytes().replace(b"n+1\0", b"ni1\0"))
    assert "voxels are in another file; save both as one file" in message(file)


def test_a_truncated_nifti_2_is_truncated(tmp_path):
    file = write_nifti(tmp_path / "a.nii", VALUES, AFFINE, version=2)
    file.write_bytes(file.read_bytes()[:-1])
    assert "is truncated: its header states 22 x 20 x 6 voxels" in message(file)


# NRRD and MetaImage


def write(file: Path, direction: tuple[float, ...] = (1, 0, 0, 0, 1, 0, 0, 0, 1)) -> Path:
    image = sitk.GetImageFromArray(VALUES)
    image.SetSpacing(SPACING)
    image.SetOrigin((-10, 5, 30))
    lower = file.with_name(file.name.lower())
    sitk.WriteImage(image, str(lower))
    content = lower.read_bytes()
    axes = np.reshape(direction, (3, 3)) * SPACING
    if file.suffix.lower() == ".nrrd":
        steps = " ".join("({:.9g},{:.9g},{:.9g})".format(*axis) for axis in axes.T)
        content = re.sub(rb"(?<=space directions: ).*", steps.encode(), content)
    else:
        matrix = " ".join(f"{value:.9g}" for value in np.reshape(direction, (3, 3)).T.ravel())
        content = re.sub(rb"(?<=TransformMatrix = ).*", matrix.encode(), content)
    lower.unlink()
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("name", ["a.Nrrd", "a.NRRD", "a.Mha", "a.nrrd", "a.mha"])
def test_capitals_of_a_suffix_do_not_matter(tmp_path, name):
    assert is_read(write(tmp_path / name)) == []


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_the_same_shear_is_allowed_in_every_format(tmp_path, suffix):
    for voxels, refused in ((0.05, False), (0.2, True)):
        slope = voxels / (SHAPE[1] - 1) * SPACING[0] / SPACING[1]
        file = write(tmp_path / f"a{suffix}", (1, slope, 0, 0, 1, 0, 0, 0, 1))
        if refused:
            assert f"has a sheared grid (by {voxels:.1f} voxels); resample it" in message(file)
        else:
            axes = np.reshape(read_volume(file).GetDirection(), (3, 3))
            np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-9)


@pytest.mark.parametrize("encoding", ["bzip2", "bz2", "BZ2"])
@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_nrrd_compressed_by_bzip2_is_read(tmp_path, encoding, line):
    header, _, _ = write(tmp_path / "a.nrrd").read_bytes().partition(b"\n\n")
    header = re.sub(rb"encoding: \w+", f"encoding: {encoding}".encode(), header).replace(b"\n", line)
    (tmp_path / "a.nrrd").write_bytes(header + line + line + bz2.compress(VALUES.tobytes()))
    assert is_read(tmp_path / "a.nrrd") == []
    (tmp_path / "a.nrrd").write_bytes(header + line + line + bz2.compress(VALUES.tobytes())[:-40])
    assert "a.nrrd is truncated or unreadable" in message(tmp_path / "a.nrrd")
