"""A cohort of four patients that passes `npc cohort check`: a DICOM series with RTSTRUCT, NIfTI, NRRD and MetaImage."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from tests.imaging.dicom_files import write_rtstruct, write_series

SHAPE = (5, 8, 8)
SPACING = (3.0, 1.0, 1.0)
TABLE = """\
patient_id,centre,age,sex,t_stage,n_stage,stage,histology,ebv_dna,regimen,diagnosis_date,metastasis_date,\
last_follow_up,dmfs_months,dm_event,os_months,os_event,cet1_image,cet1_mask
P1,north,41.5,women,T1,N1,III,undifferentiated,0,CCRT,2012-01-10,2013-01-10,2015-01-10,12,1,36,1,P1/cet1,P1/RS.dcm
P2,north,52,men,T2,N2,III,undifferentiated,2500,IC+CCRT,2012-03-01,,2016-03-01,48,0,48,0,P2/cet1.nii.gz,P2/mask.nii.gz
P3,north,63,men,T3,N3,IVa,differentiated,8000,CCRT+AC,2012-05-20,2013-11-20,2014-05-20,18,1,24,1,P3/cet1.nrrd,P3/mask.nrrd
P4,south,,women,T4,N0,IVb,undifferentiated,,CCRT,2013-07-01,,2017-07-01,48,0,48,0,P4/cet1.mha,P4/mask.mha
"""


def voxels(seed: int = 0) -> np.ndarray:
    """Another value for each voxel, as int16; each patient has a seed."""
    return np.random.default_rng(seed).permutation(np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)


def outline() -> np.ndarray:
    """A block."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[1:4, 2:6, 2:6] = 1
    return mask


def write_volume(
    file: Path, array: np.ndarray, *, spacing: tuple[float, float, float] = SPACING, is_vector: bool = False
) -> None:
    """Write an array in the format that the file's name says."""
    image = sitk.GetImageFromArray(array, isVector=is_vector)
    if array.ndim == 3:
        image.SetSpacing(spacing[::-1])
    sitk.WriteImage(image, str(file))


def write_good_cohort(folder: Path) -> None:
    """Write the four patients into a new folder."""
    folder.mkdir()
    (folder / "patients.csv").write_text(TABLE)
    write_series(folder / "P1" / "cet1", voxels(1), spacing=SPACING, slope=1.0, name="DOE^JANE.{:03}.dcm")
    write_rtstruct(folder / "P1" / "RS.dcm", {"GTV": outline()}, spacing=SPACING)
    for seed, (patient, suffix) in enumerate((("P2", "nii.gz"), ("P3", "nrrd"), ("P4", "mha")), 2):
        (folder / patient).mkdir()
        write_volume(folder / patient / f"cet1.{suffix}", voxels(seed))
        write_volume(folder / patient / f"mask.{suffix}", outline())
