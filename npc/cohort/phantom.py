"""A synthetic cohort whose truth is known: `cohort=phantom`, `npc cohort phantom`.

Hospital 1 is written as NIfTI, hospital 2 as DICOM series with NIfTI outlines, so that the default job reads both.
`truth.csv` holds, for each patient, the true linear predictor, what the image and the clinical variables contribute
to it, and what each sequence shows: the best AUC that anybody can reach is known.
"""

import json
import os
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from filelock import FileLock
from joblib import Parallel, delayed
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid
from rich.progress import track
from sklearn.metrics import roc_auc_score

from npc.cohort import table
from npc.cohort.phantom_images import FIELD_OF_VIEW, SCANNERS, SLICE_SPACING, Scanner, draw_study
from npc.cohort.phantom_population import HOSPITALS, SEQUENCES, best_image_score, draw_patient
from npc.errors import InputError
from npc.files import make_folder

PUBLISHED_EXTERNAL = 45 / 233
RECIPE = 1  # raise it when the same options give another phantom: folders of the old recipe are then left alone


def read(
    root: Path,
    sequences: Sequence[str],
    *,
    seed: int = 0,
    n: int = 233,
    external: int | None = None,
    matrix: int = 64,
    signal: float = 1.0,
) -> tuple[pd.DataFrame, Path]:
    """The phantom with these options as raw table and folder; it is built below `root` on first use."""
    options = check_options(seed=seed, n=n, external=external, matrix=matrix, signal=signal)
    folder = root / "-".join([f"recipe{RECIPE}", *(f"{key}{value}" for key, value in options.items())])
    make_folder(folder.parent)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            for killed in folder.parent.glob(f".{folder.name}.part*"):
                shutil.rmtree(killed, ignore_errors=True)
            write(folder, **options)
    return table.read(folder, sequences)


def check_options(*, seed: int, n: int, external: int | None, matrix: int, signal: float) -> dict:
    """The options with `external` filled in (the published share of `n`), or an InputError that names the key."""
    if external is None:
        external = round(n * PUBLISHED_EXTERNAL)
    faults = [
        f"cohort.{key}={value}: {want}"
        for key, value, want, good in (
            ("seed", seed, "must be 0 or more", seed >= 0),
            ("n", n, "a phantom needs at least 2 patients", n >= 2),
            ("external", external, f"must be between 0 and n - 1 = {n - 1}", 0 <= external < max(n, 1)),
            ("matrix", matrix, "must be between 16 and 1024 pixels", 16 <= matrix <= 1024),
            ("signal", signal, "must be between 0 and 1", 0 <= signal <= 1),
        )
        if not good
    ]
    if faults:
        raise InputError(faults)
    return {"seed": seed, "n": n, "external": external, "matrix": matrix, "signal": float(signal)}


def write(folder: Path, *, seed: int, n: int, external: int | None, matrix: int, signal: float) -> None:
    """Writes a phantom as a cohort folder (DESIGN 3) with `truth.csv`; all of it or, if interrupted, nothing.

    Raises:
        InputError: an option out of range, or a folder that exists already.
    """
    options = check_options(seed=seed, n=n, external=external, matrix=matrix, signal=signal)
    if folder.exists():
        raise InputError(f"{folder}: exists already; remove it or name another folder")
    sizes = (n - options["external"], options["external"])
    patients = [
        draw_patient(hospital, number, seed, signal)
        for hospital, size in zip(HOSPITALS, sizes, strict=True)
        for number in range(size)
    ]
    part = folder.with_name(f".{folder.name}.part{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    make_folder(part)
    try:
        draw = delayed(partial(_write_patient, part, matrix=matrix, seed=seed))
        work = Parallel(n_jobs=-1, return_as="generator", mmap_mode=None)(draw(patient) for patient in patients)
        paths = list(track(work, "Drawing the phantom", total=len(patients), transient=True))
        rows = pd.DataFrame(patients)
        truth = [str(column) for column in rows if str(column).startswith("_")]
        rows.drop(columns=truth).join(pd.DataFrame(paths)).to_csv(part / "patients.csv", index=False)
        rows[["patient_id", *truth]].rename(columns=lambda c: c.lstrip("_")).to_csv(part / "truth.csv", index=False)
        (part / "phantom.json").write_text(json.dumps({"recipe": RECIPE, **options}) + "\n")
        try:
            part.rename(folder)
        except OSError:
            raise InputError(f"{folder}: another process has made it meanwhile; remove it or name another") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def oracle(root: Path, patients: pd.DataFrame, event: str, sequences: Sequence[str]) -> dict[str, float | None]:
    """The best AUC that can be reached on these patients: `image` from these sequences, `all` from the whole truth.

    None where the patients have one class only. Empty if the cohort has no truth.
    """
    if not (root / "phantom.json").exists():
        return {}
    truth = pd.read_csv(root / "truth.csv", dtype={"patient_id": str}).set_index("patient_id").loc[patients.index]
    signal = json.loads((root / "phantom.json").read_text())["signal"]
    shown = {s: truth[f"{s}_shown"].to_numpy() for s in sequences}
    scores = {
        "image": np.broadcast_to(best_image_score(shown, signal), len(truth)),
        "all": truth["linear_predictor"].to_numpy(),
    }
    label = patients[event].to_numpy()
    known = len(np.unique(label)) == 2
    return {name: float(roc_auc_score(label, score)) if known else None for name, score in scores.items()}


def summary(folder: Path) -> dict[str, dict[str, float | None]]:
    """Patients, events, mean months and the best AUC that each sequence allows, by hospital."""
    patients = table.read_csv(folder / "patients.csv").set_index("patient_id")
    patients = patients.astype({"dm_event": int, "dmfs_months": float})
    return {
        str(centre): {
            "patients": len(rows),
            "events": int(rows["dm_event"].sum()),
            "mean_months": float(rows["dmfs_months"].mean()),
            **{f"oracle_{s}": oracle(folder, rows, "dm_event", [s])["image"] for s in SEQUENCES},
            "oracle_all": oracle(folder, rows, "dm_event", SEQUENCES)["all"],
        }
        for centre, rows in patients.groupby("centre")
    }


def _write_patient(folder: Path, patient: dict, *, matrix: int, seed: int) -> dict[str, str]:
    """Draws and writes one patient's sequences; the paths for `patients.csv`."""
    hospital = next(h for h in HOSPITALS if h.name == patient["centre"])
    number = int(patient["patient_id"].rsplit("-", 1)[1])
    scanner = SCANNERS[hospital.name]
    paths = {}
    for index, sequence in enumerate(SEQUENCES):
        rng = np.random.default_rng([seed, HOSPITALS.index(hospital), number, 1 + index])
        image, outline = draw_study(sequence, patient[f"_{sequence}_shown"], matrix, scanner, rng)
        home = Path("images") / patient["patient_id"]
        (folder / home).mkdir(parents=True, exist_ok=True)
        dicom = hospital is HOSPITALS[1]
        paths[f"{sequence}_image"] = str(home / (sequence if dicom else f"{sequence}.nii.gz"))
        paths[f"{sequence}_mask"] = str(home / f"{sequence}_mask.nii.gz")
        if dicom:
            _write_series(folder / paths[f"{sequence}_image"], image, patient["patient_id"], sequence, scanner)
        else:
            _write_nifti(folder / paths[f"{sequence}_image"], image)
        _write_nifti(folder / paths[f"{sequence}_mask"], outline)
    return paths


def _geometry(matrix: int, slices: int) -> tuple[float, list[float]]:
    """Pixel spacing in mm and the position (LPS, mm) of the first voxel of a volume centred on the origin."""
    pixel = FIELD_OF_VIEW / matrix
    return pixel, [-(matrix - 1) / 2 * pixel] * 2 + [-(slices - 1) / 2 * SLICE_SPACING]


def _write_nifti(path: Path, array: np.ndarray) -> None:
    image = sitk.GetImageFromArray(array)
    pixel, origin = _geometry(array.shape[1], array.shape[0])
    image.SetSpacing((pixel, pixel, SLICE_SPACING))
    image.SetOrigin(origin)
    try:
        sitk.WriteImage(image, path, useCompression=True, compressionLevel=1)
    except RuntimeError:
        raise InputError(f"{path}: cannot be written; is there space left, and may you write there?") from None


def _write_series(folder: Path, image: np.ndarray, patient: str, sequence: str, scanner: Scanner) -> None:
    """One DICOM file a slice; the same phantom gives the same bytes, UIDs included."""
    folder.mkdir()
    pixel, origin = _geometry(image.shape[1], image.shape[0])
    study = generate_uid(entropy_srcs=[patient])
    series = generate_uid(entropy_srcs=[patient, sequence])
    for number, pixels in enumerate(image):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = MRImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[patient, sequence, str(number)])
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"{number:03d}.dcm"
        header = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
        header.SOPClassUID, header.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
        header.PatientName, header.PatientID = "Phantom", patient
        header.StudyInstanceUID, header.SeriesInstanceUID, header.FrameOfReferenceUID = study, series, study
        header.Modality, header.SeriesDescription = "MR", sequence
        header.Manufacturer, header.MagneticFieldStrength = scanner.manufacturer, scanner.field
        header.InstanceNumber = number + 1
        header.ImagePositionPatient = [*origin[:2], origin[2] + number * SLICE_SPACING]
        header.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        header.PixelSpacing = [pixel, pixel]
        header.SliceThickness, header.SpacingBetweenSlices = SLICE_SPACING - 1, SLICE_SPACING
        header.Rows, header.Columns = pixels.shape
        header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
        header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 16, 15, 1
        header.PixelData = pixels.tobytes()
        header.save_as(path, enforce_file_format=True)
