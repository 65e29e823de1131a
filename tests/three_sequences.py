"""A cohort folder with three sequences and three hospitals, made from a phantom: one has the files of another."""

import os
import shutil
from pathlib import Path

import pandas as pd

SEQUENCES = "cohort.sequences=[cet1,t2,t1]"


def write(phantom: Path, folder: Path) -> pd.DataFrame:
    """Writes the cohort folder; `hospital_1` of the phantom becomes A and B.

    Returns:
        `patients.csv`, for a test that changes it.
    """
    shutil.copytree(phantom, folder, copy_function=os.link)
    table = pd.read_csv(folder / "patients.csv", dtype=str)
    for kind in ("image", "mask"):
        table[f"t1_{kind}"] = [_copied(folder, path) for path in table[f"t2_{kind}"]]
    at_home = table["centre"] == "hospital_1"
    table["centre"] = table["centre"].where(at_home, "C").mask(at_home & (table.index % 3 > 0), "A")
    table["centre"] = table["centre"].replace("hospital_1", "B")
    (folder / "phantom.json").unlink()  # without its truth, which knows no third sequence
    (folder / "patients.csv").unlink()  # the link, not the phantom's file
    table.to_csv(folder / "patients.csv", index=False)
    return table


def _copied(folder: Path, path: str) -> str:
    """The path of a file or DICOM series of t1 that has the content of that of t2."""
    other = path.replace("t2", "t1")
    if (folder / path).is_dir():
        shutil.copytree(folder / path, folder / other, copy_function=os.link)
    else:
        os.link(folder / path, folder / other)
    return other
