"""Images that several patients have as their own are found by their voxels."""

from pathlib import Path

import numpy as np

from npc.cohort.studies import Study
from npc.imaging.content import repeated_images, voxels_hash


def study(patient: str, path: Path, sequence: str = "cet1") -> Study:
    return Study(patient, sequence, path, {})


def test_the_hash_is_of_the_voxels_and_their_order():
    image = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert voxels_hash(image) == voxels_hash(np.asfortranarray(image.copy()))
    others = [image + 1, image.reshape(2, 4, 3), image[::-1], image[:1]]
    assert len({voxels_hash(other) for other in [image, *others]}) == 5


def test_patients_with_one_image(tmp_path):
    def at(name: str) -> Path:
        return tmp_path / name

    pairs = [
        (study("P1", at("1")), "a"),
        (study("P2", at("2")), "b"),
        (study("P3", at("3")), "a"),
        (study("P4", at("4"), "t2"), "b"),
        (study("P5", at("5")), "c"),
        (study("P5", at("5b"), "t2"), "c"),
        (study("P6", at("6")), "d"),
        *((study(f"Q{i}", at(f"q{i}")), "e") for i in range(9)),
    ]
    first, across, many = repeated_images(pairs)
    assert f"{at('3')} holds the same image as {at('1')}" in first
    assert "(P1 and P3)" in first
    assert "(P2 and P4)" in across  # another sequence of another patient
    assert "(Q0, Q1, Q2 and 6 others)" in many


def test_one_file_named_twice_is_left_to_the_check_of_the_table(tmp_path):
    file = tmp_path / "image.nii"
    file.touch()
    (tmp_path / "link.nii").symlink_to(file)
    assert repeated_images([(study("P1", file), "a"), (study("P2", tmp_path / "link.nii"), "a")]) == []
