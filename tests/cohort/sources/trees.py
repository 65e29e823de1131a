"""Small data sets in published layouts."""

import json
import zlib
from pathlib import Path

import numpy as np
import SimpleITK as sitk

SHAPE = (4, 16, 16)
OUTLINE = np.zeros(SHAPE, np.uint8)
OUTLINE[1:3, 5:11, 4:12] = 1


def write(path: Path, voxels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(voxels), path)


def image(path: Path) -> None:
    """Another image for each path."""
    seed = zlib.crc32(str(path).encode())
    write(path, np.random.default_rng(seed).integers(0, 100, SHAPE).astype(np.int16) + 100 * OUTLINE)


def outcomes(root: Path, ids: list[str], more: str = "") -> None:
    """Two hospitals with and without the event in each."""
    rows = [f"{patient},{'AB'[i % 2]},{10 + i},{i // 2 % 2}" for i, patient in enumerate(ids)]
    (root / "patients.csv").write_text("\n".join(["patient_id,centre,dmfs_months,dm_event", *rows]) + "\n" + more)


def nnunet(root: Path, *, version: int = 2) -> Path:
    """Eight cases, one of them without outcome; channels T1 and CET1 (CE T1 in version 1)."""
    for number in range(9):
        for channel in range(2):
            image(root / "imagesTr" / f"NPC_{number:03d}_{channel:04d}.nii.gz")
        write(root / "labelsTr" / f"NPC_{number:03d}.nii.gz", OUTLINE)
    channels = {"0": "T1", "1": "CE T1" if version == 1 else "CET1"}
    if version == 1:
        described = {"modality": channels, "labels": {"0": "background", "1": "tumour"}}
    else:
        described = {"channel_names": channels, "labels": {"background": 0, "tumour": 1}, "file_ending": ".nii.gz"}
    (root / "dataset.json").write_text(json.dumps(described))
    outcomes(root, [f"NPC_{number:03d}" for number in range(8)])
    return root


def bids(root: Path) -> Path:
    """Eight participants with T1w, T2w and T1w after contrast agent, and one outline each."""
    lines = ["participant_id\tsite\tsex\tdmfs_months\tdm_event"]
    for number in range(8):
        patient = f"sub-{number:02d}"
        for name in ("T1w", "T2w", "ce-gadolinium_T1w"):
            image(root / patient / "ses-1" / "anat" / f"{patient}_ses-1_{name}.nii.gz")
        name = f"{patient}_ses-1_desc-tumour_mask.nii.gz"
        write(root / "derivatives" / "manual" / patient / "ses-1" / "anat" / name, OUTLINE)
        lines.append(f"{patient}\t{'AB'[number % 2]}\tn/a\t{10 + number}\t{number // 2 % 2}")
    root.mkdir(exist_ok=True)
    (root / "participants.tsv").write_text("\n".join(lines) + "\n")
    return root


def hecktor(root: Path, *, by_folder: bool = False) -> Path:
    """Nine patients of two hospitals, the last without outcome, with labels 1 and 2; files as in 2022 or in 2025."""
    ids = [f"{'CHUM' if number % 2 else 'CHUV'}-{number:03d}" for number in range(9)]
    for patient in ids:
        homes = [root / patient] * 2 if by_folder else [root / "imagesTr", root / "labelsTr"]
        image(homes[0] / f"{patient}__CT.nii.gz")
        labels = OUTLINE.copy()
        labels[1, 5, 4] = 2
        write(homes[1] / f"{patient}.nii.gz", labels)
    clinical = [f"{patient},1,{50 + i},M," for i, patient in enumerate(ids)]
    outcome = [f"{patient},{i // 2 % 2},{300 + 10 * i}" for i, patient in enumerate(ids[:8])]
    for name, rows in (
        (
            "hecktor2022_clinical_info_training.csv",
            ['PatientID,CenterID,Age,Gender,"HPV status (0=-, 1=+)"', *clinical],
        ),
        ("hecktor2022_endpoint_training.csv", ["PatientID,Relapse,RFS", *outcome]),
    ):
        (root / name).write_text("\n".join(rows) + "\n")
    return root
