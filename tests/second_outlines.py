"""Second outlines for a cohort folder, made from the first ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from scipy.ndimage import binary_dilation


def add_second_outlines(root: Path, sequence: str, *, again: int, another: int) -> None:
    """Gives the first `again` patients an outline moved by a pixel, the first `another` one wider by 1 to 3 pixels."""
    table = pd.read_csv(root / "patients.csv").filter(regex="^(?!.*_reader)")
    for column, count, change in (("reader1b", again, _moved), ("reader2", another, _wider)):
        paths = []
        for place, path in enumerate(table[f"{sequence}_mask"][:count]):
            mask = sitk.ReadImage(root / path)
            changed = sitk.GetImageFromArray(change(sitk.GetArrayFromImage(mask), place).astype(np.uint8))
            changed.CopyInformation(mask)
            paths.append(f"{column}_{sequence}_{place}.nii.gz")
            sitk.WriteImage(changed, root / paths[-1])
        table[f"{sequence}_mask_{column}"] = pd.Series(paths, dtype=object)
    table.to_csv(root / "patients.csv", index=False)


def pixels(root: Path, sequence: str, count: int) -> np.ndarray:
    """Size in mm of the first patients' pixels."""
    masks = pd.read_csv(root / "patients.csv")[f"{sequence}_mask"][:count]
    return np.array([sitk.ReadImage(root / mask).GetSpacing()[0] for mask in masks])


def _moved(mask: np.ndarray, place: int) -> np.ndarray:
    return np.roll(mask, 1 if place % 2 else -1, axis=2)


def _wider(mask: np.ndarray, place: int) -> np.ndarray:
    return binary_dilation(mask, np.ones((1, 3, 3)), iterations=1 + place % 3)
