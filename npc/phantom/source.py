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

import pandas as pd
from filelock import FileLock

from npc.cohort.delimited import read_csv
from npc.cohort.sources import table
from npc.errors import InputError
from npc.files import make_folder
from npc.phantom.options import Options
from npc.phantom.oracle import Oracle
from npc.phantom.signal import SEQUENCES
from npc.terminal import track

RECIPE = 3  # raise it when the same options give another phantom: folders of the old recipe are then left alone


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
    from joblib import Parallel, delayed

    from npc.phantom.patient import write_patient  # SciPy and pydicom take a second, and reading needs neither

    options = Options.of(choices)
    if folder.exists():
        raise InputError(f"{folder}: exists already; remove it or name another folder")
    part = folder.with_name(f".{folder.name}.part{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    make_folder(part)
    try:
        draw = delayed(partial(write_patient, part, options=options))
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


def _write_tables(folder: Path, rows: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> None:
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
