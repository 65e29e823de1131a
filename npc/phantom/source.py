"""A synthetic cohort whose truth is known: `cohort=phantom`, `npc cohort phantom`.

Hospital 1 is written as NIfTI, hospital 2 as DICOM series with NIfTI outlines, so that the default job reads both.
`truth.csv` holds, for each patient, the true linear predictor and its parts, what each sequence shows, and the outcome
under either treatment: the best AUC that anybody can reach and the true effect of the treatment are known.
"""

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock
from joblib import Parallel, delayed

from npc.cohort.delimited import read_csv
from npc.cohort.sources import table
from npc.errors import InputError
from npc.files import make_folder
from npc.names import OTHER_READERS
from npc.phantom.files import write_nifti, write_series, write_sidecar
from npc.phantom.hospitals import HOSPITALS
from npc.phantom.images import draw_study
from npc.phantom.options import Options
from npc.phantom.oracle import Oracle
from npc.phantom.outlines import outlined_again, redraw
from npc.phantom.parts import JOINT, PARTS
from npc.phantom.population import draw_patient
from npc.phantom.scanners import draw_acquisition
from npc.phantom.signal import SEQUENCES
from npc.terminal import track

RECIPE = 3  # raise it when the same options give another phantom: folders of the old recipe are then left alone
_MISSING_STREAM = 7  # other than those of the patient, images, scanners, outlines and signal

Row = dict[str, Any]


def read(root: Path, sequences: Sequence[str], **choices: Any) -> tuple[pd.DataFrame, Path]:
    """The phantom with these options as raw table and folder; it is built below `root` on first use."""
    options = Options.of(choices)
    shown = [f"{key}{value}" for key, value in list(asdict(options).items())[:5]]
    folder = root / "-".join([f"recipe{RECIPE}", *shown, hashlib.sha256(_description(options)).hexdigest()[:8]])
    make_folder(folder.parent)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            for killed in folder.parent.glob(f".{folder.name}.part*"):
                shutil.rmtree(killed, ignore_errors=True)
            write(folder, **choices)
    return table.read(folder, sequences)


def write(folder: Path, **choices: Any) -> None:
    """Writes a phantom as a cohort folder (docs/cohort.md) with `truth.csv`; all of it or, if interrupted, nothing.

    Args:
        folder: a new one.
        choices: of `Options`; the rest is as published.

    Raises:
        InputError: an option out of range, or a folder that exists already.
    """
    options = Options.of(choices)
    if folder.exists():
        raise InputError(f"{folder}: exists already; remove it or name another folder")
    part = folder.with_name(f".{folder.name}.part{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    make_folder(part)
    try:
        draw = delayed(partial(_write_patient, part, options=options))
        numbers = ((hospital, number) for hospital, size in enumerate(options.sizes) for number in range(size))
        work = Parallel(n_jobs=-1, return_as="generator", mmap_mode=None)(draw(*place) for place in numbers)
        _write_tables(part, track(work, "Drawing the phantom", total=options.n))
        (part / "phantom.json").write_bytes(_description(options))
        try:
            part.rename(folder)
        except OSError:
            raise InputError(f"{folder}: another process has made it meanwhile; remove it or name another") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def summary(folder: Path) -> dict[str, dict[str, float | None]]:
    """Patients, events, mean months and the best AUC that each sequence allows, by hospital."""
    oracle = Oracle.read(folder)
    patients = read_csv(folder / "patients.csv").set_index("patient_id")
    patients = patients.astype({"dm_event": int, "dmfs_months": float})
    return {
        str(centre): {
            "patients": len(rows),
            "events": int(rows["dm_event"].sum()),
            "mean_months": float(rows["dmfs_months"].mean()),
            **{f"oracle_{s}": oracle.best_auc(rows, "dm_event", [s])["image"] for s in SEQUENCES},
            "oracle_all": oracle.best_auc(rows, "dm_event", SEQUENCES)["all"],
        }
        for centre, rows in patients.groupby("centre")
    }


def _description(options: Options) -> bytes:
    """What `phantom.json` holds; an option that was added later is written where it is not at its default."""
    new = {item.name for item in fields(Options) if item.metadata.get("later")}
    written = {k: v for k, v in asdict(options).items() if k not in new or v != getattr(Options, k)}
    return (json.dumps({"recipe": RECIPE, **written}) + "\n").encode()


def _write_tables(folder: Path, rows: Iterable[tuple[Row, Row]]) -> None:
    """A line for each patient as it comes, so that a large phantom needs no more memory than a small one."""
    with (
        (folder / "patients.csv").open("w", encoding="utf-8", newline="") as patients,
        (folder / "truth.csv").open("w", encoding="utf-8", newline="") as truth,
    ):
        writers = [csv.writer(file, lineterminator="\n") for file in (patients, truth)]
        for number, pair in enumerate(rows):
            for writer, row in zip(writers, pair, strict=True):
                if number == 0:
                    writer.writerow(row)
                writer.writerow(row.values())


def _write_patient(folder: Path, hospital: int, number: int, *, options: Options) -> tuple[Row, Row]:
    """Draws and writes one patient; the rows of `patients.csv` and of `truth.csv`."""
    patient, truth = draw_patient(HOSPITALS[hospital], number, options)
    acquisition = draw_acquisition(hospital, number, options.seed)
    grid, name = acquisition.grid(options.matrix), str(patient["patient_id"])
    home = Path("images") / name
    (folder / home).mkdir(parents=True, exist_ok=True)
    lacks_t2 = np.random.default_rng([options.seed, hospital, number, _MISSING_STREAM]).random() < options.without_t2
    for index, sequence in enumerate(SEQUENCES):
        if lacks_t2 and sequence == "t2":
            readers = OTHER_READERS if options.readers else ()
            patient |= dict.fromkeys(["t2_image", "t2_mask", *(f"t2_mask_{reader}" for reader in readers)])
            continue
        rng = np.random.default_rng([options.seed, hospital, number, 1 + index])
        shown = {part: truth[f"{sequence}_{part}_shown"] for part in PARTS}
        image, depth = draw_study(sequence, shown, options.signal_in == JOINT, options.matrix, acquisition, rng)
        if hospital == 0:
            patient[f"{sequence}_image"] = home / f"{sequence}.nii.gz"
            write_nifti(folder / home / f"{sequence}.nii.gz", image, grid)
            write_sidecar(folder / home / f"{sequence}.json", sequence, acquisition)
        else:
            patient[f"{sequence}_image"] = home / sequence
            write_series(folder / home / sequence, image, name, sequence, acquisition)
        outlines = {"mask": (depth < 1).astype(np.uint8)}
        if hospital == 0 and number in outlined_again(options):
            for reader in OTHER_READERS:
                dice = getattr(options, f"dice_{reader}")
                outlines[f"mask_{reader}"] = redraw(depth, dice, grid, rng)
        for column in ("mask", *(f"mask_{reader}" for reader in OTHER_READERS if options.readers)):
            path = home / f"{sequence}_{column}.nii.gz"
            patient[f"{sequence}_{column}"] = path if column in outlines else None
            if column in outlines:
                write_nifti(folder / path, outlines[column], grid)
    return patient, truth | {"scanner": acquisition.scanner.name}
