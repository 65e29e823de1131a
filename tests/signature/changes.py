"""A cohort folder of one's own, and what may be changed in it."""

from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk


def own(folder: Path, name: str = "ours") -> list[str]:
    """The choices of the tiny experiment, which is for a phantom, for a cohort folder."""
    cohort = ["cohort=table", f"cohort.root={folder}", f"cohort.name={name}", "cohort.size=32"]
    return [*cohort, "network=tiny", "optimizer.lr=0.01", "trainer.max_epochs=2"]


def weighted(folder: Path) -> list[str]:
    """The same with weights of the classes, which depend on the training patients."""
    return [*own(folder), "endpoint.class_weight=true"]


def change(folder: Path, chosen: pd.Series) -> None:
    """Gives the chosen patients one another's images, the other outcome and other times."""
    path = folder / "patients.csv"
    table = pd.read_csv(path, dtype=str).set_index("patient_id")
    who = table.index[table.index.isin(chosen.index[chosen])]
    assert len(who) > 2
    images = ["cet1_image", "cet1_mask", "t2_image", "t2_mask"]
    table.loc[who, images] = table.loc[np.roll(who, 1), images].to_numpy()
    table.loc[who, "dm_event"] = (1 - table.loc[who, "dm_event"].astype(int)).astype(str)
    table.loc[who, "dmfs_months"] = (table.loc[who, "dmfs_months"].astype(float) / 2 + 1).astype(str)
    table.reset_index().to_csv(path, index=False)


def replace_images(cohort: Path, sequence: str) -> None:
    """The first patient gets the second one's outline and brighter image; the table is unchanged."""
    table = pd.read_csv(cohort / "patients.csv", dtype=str).set_index("patient_id")
    for column, more in ((f"{sequence}_image", 1), (f"{sequence}_mask", 0)):
        mine, other = (cohort / table.loc[patient, column] for patient in ("H1-0001", "H1-0002"))
        mine.unlink()  # the link, not the phantom's file
        sitk.WriteImage(sitk.ReadImage(other) + more, mine)  # no copy, which two patients must not share
