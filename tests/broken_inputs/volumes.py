"""Broken NIfTI, NRRD and MetaImage files."""

import gzip
import struct
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from tests.broken_inputs.corpus import kind
from tests.broken_inputs.dicom import cut
from tests.broken_inputs.good_cohort import SPACING, outline, voxels, write_volume
from tests.broken_inputs.tables import set_cell

IMAGE, MASK, NRRD, META = "P2/cet1.nii.gz", "P2/mask.nii.gz", "P3/cet1.nrrd", "P4/cet1.mha"


def patch_header(file: Path, at: int, kind_: str, *values: float) -> None:
    """Write values into a compressed NIfTI-1 header."""
    content = bytearray(gzip.decompress(file.read_bytes()))
    struct.pack_into(f"<{kind_}", content, at, *values)
    file.write_bytes(gzip.compress(bytes(content)))


@kind(IMAGE, "compressed data are incomplete", "again")
def truncated_gzip(folder: Path) -> None:
    cut(folder / IMAGE, -40)


@kind(IMAGE, "damaged", "checksum", "again")
def damaged_gzip(folder: Path) -> None:
    content = bytearray((folder / IMAGE).read_bytes())
    content[-8] ^= 0xFF
    (folder / IMAGE).write_bytes(content)


@kind(IMAGE, "is not compressed", "rename")
def not_compressed(folder: Path) -> None:
    (folder / IMAGE).write_bytes(gzip.decompress((folder / IMAGE).read_bytes()))


@kind(IMAGE, "empty (0 bytes)", "again")
def zero_bytes(folder: Path) -> None:
    cut(folder / IMAGE, 0)


@kind(IMAGE, "is not a NIfTI file", "again")
def a_web_page(folder: Path) -> None:
    (folder / IMAGE).write_bytes(gzip.compress(b"<html>404 not found</html>" * 99))


@kind(IMAGE, "single 8 x 8 image", "volume")
def a_single_image(folder: Path) -> None:
    write_volume(folder / IMAGE, voxels()[2])


@kind(IMAGE, "holds 3 volumes", "one of them")
def several_volumes(folder: Path) -> None:
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(voxels())] * 3), str(folder / IMAGE))


@kind(IMAGE, "3 values per voxel", "grey-scale")
def colours(folder: Path) -> None:
    write_volume(folder / IMAGE, np.stack([voxels().astype(np.uint8)] * 3, axis=-1), is_vector=True)


@kind(IMAGE, "complex numbers", "magnitude")
def complex_numbers(folder: Path) -> None:
    write_volume(folder / IMAGE, voxels().astype(np.complex64))


@kind(IMAGE, "unknown type (code 1)", "int16")
def bits_for_voxels(folder: Path) -> None:
    patch_header(folder / IMAGE, 70, "2h", 1, 1)


@kind(IMAGE, "1 voxels inside the outline that are not finite", "repair")
def nan_inside_the_tumour(folder: Path) -> None:
    bad = voxels().astype(np.float32)
    bad[2, 3, 3] = np.nan
    write_volume(folder / IMAGE, bad)


@kind(IMAGE, "invalid voxel size (0 mm", "again")
def zero_spacing(folder: Path) -> None:
    patch_header(folder / IMAGE, 80, "3f", 0, 0, 0)


@kind(IMAGE, "a grid that is not finite", "again")
def nan_in_the_grid(folder: Path) -> None:
    patch_header(folder / IMAGE, 268, "f", float("nan"))
    patch_header(folder / IMAGE, 280, "4f", *[float("nan")] * 4)


@kind(IMAGE, "truncated", "states 32767 x 32767 x 32767 voxels", "again")
def absurd_size(folder: Path) -> None:
    patch_header(folder / IMAGE, 42, "3h", 32767, 32767, 32767)


@kind(IMAGE, "a size of -8 x 8 x 5", "again")
def negative_size(folder: Path) -> None:
    patch_header(folder / IMAGE, 42, "h", -8)


@kind(IMAGE, "sheared grid", "resample")
def sheared(folder: Path) -> None:
    patch_header(folder / IMAGE, 252, "2h", 0, 2)
    patch_header(folder / IMAGE, 280, "12f", 1, 0.5, 0, 0, 0, 1, 0, 0, 0, 0, 3, 0)


@kind("P2/cet1.hdr", "one of two files", ".nii.gz")
def header_and_image_apart(folder: Path) -> None:
    image = sitk.ReadImage(str(folder / IMAGE))
    sitk.WriteImage(image, str(folder / "P2" / "cet1.hdr"))
    set_cell(folder, "P2", "cet1_image", "P2/cet1.hdr")


@kind("P2/cet1.mat", "unknown format", ".nrrd")
def unknown_format(folder: Path) -> None:
    (folder / IMAGE).rename(folder / "P2" / "cet1.mat")
    set_cell(folder, "P2", "cet1_image", "P2/cet1.mat")


@kind(MASK, "empty outline", "outline the tumour")
def empty_mask(folder: Path) -> None:
    write_volume(folder / MASK, outline() * 0)


@kind(MASK, "has no label 2", "those there: 4")
def absent_label(folder: Path) -> list[str]:
    for patient, suffix in (("P2", "nii.gz"), ("P3", "nrrd"), ("P4", "mha")):
        write_volume(folder / patient / f"mask.{suffix}", outline() * (4 if patient == "P2" else 2))
    return ["cohort.label=2"]


@kind(MASK, "voxels that are not finite", "write 0")
def nan_in_the_mask(folder: Path) -> None:
    write_volume(folder / MASK, np.where(outline(), 1, np.nan).astype(np.float32))


@kind(MASK, "another grid", "2.0 voxels apart", "resample")
def mask_on_another_grid(folder: Path) -> None:
    write_volume(folder / MASK, outline(), spacing=(4.5, *SPACING[1:]))


@kind(MASK, "different sizes: 9 x 12 x 12", "resample")
def mask_of_another_size(folder: Path) -> None:
    write_volume(folder / MASK, np.pad(outline(), 2))


@kind(MASK, "outlines all of the image", "write 0")
def mask_of_the_whole_image(folder: Path) -> None:
    write_volume(folder / MASK, outline() * 0 + 1)


@kind(MASK, "2 labels (1, 2)", "cohort.label=1")
def two_labels_and_none_chosen(folder: Path) -> None:
    labels = outline()
    labels[3] *= 2
    write_volume(folder / MASK, labels)


@kind(MASK, "fractions between its labels (16 voxels, 0.5 to 0.5)", "nearest neighbour")
def fractions_of_a_label(folder: Path) -> None:
    soft = outline().astype(np.float32)
    soft[3] *= 0.5
    write_volume(folder / MASK, soft)


@kind(IMAGE, "has one value (0) in all voxels;", "again")
def image_of_zeros(folder: Path) -> None:
    write_volume(folder / IMAGE, voxels() * 0)


@kind(IMAGE, "is a copy of its outline", "give the image")
def image_that_is_its_outline(folder: Path) -> None:
    write_volume(folder / IMAGE, outline())


@kind(IMAGE, "has one value (7) in all voxels inside the outline", "leave the patient out")
def image_without_contrast_in_the_tumour(folder: Path) -> None:
    write_volume(folder / IMAGE, np.where(outline(), 7, voxels()).astype(np.int16))


@kind(META, "holds the same image as", NRRD, "(P3 and P4)", "cohort.exclude")
def one_image_for_two_patients(folder: Path) -> None:
    write_volume(folder / META, voxels(3))


@kind(NRRD, "truncated or unreadable", "again")
def truncated_nrrd(folder: Path) -> None:
    cut(folder / NRRD, -100)


@kind(NRRD, "is not an NRRD file", "again")
def text_named_nrrd(folder: Path) -> None:
    (folder / NRRD).write_text("MRN HOSPITAL-4711\n" * 30)


@kind(NRRD, "keeps its voxels in another file", "one file")
def detached_nrrd(folder: Path) -> None:
    write_volume(folder / "P3" / "cet1.nhdr", voxels())
    (folder / "P3" / "cet1.nhdr").rename(folder / NRRD)
