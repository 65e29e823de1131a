"""Radiomic features of 8 phantom patients at 512 pixels, both sequences and slice modes, three ways in one run.

Ours (nothing cached) against `pyradiomics --jobs 2` over the CSV of the same cases, and against pyradiomics' extractor
with `preCrop` (which filters the cut-out alone, so that its wavelets differ) on two processes started beforehand. All
with the features of conf/radiomics/paper.yaml, two processes each; the three alternate, median of the rounds. The time
that cores were busy is printed next to the elapsed time; other work on the machine does not change it. The outlines of
the chosen slices, which the other two need as files, are written before; our processes are started before too.

Then the second run over 233 patients, from the cache; not with `--no-study`.

    benchmarks/extraction.py [patients] [rounds] [--no-study]
"""

import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import radiomics
import SimpleITK as sitk
from joblib import Parallel, delayed
from memory import computing_time_of_tree
from radiomics.featureextractor import RadiomicsFeatureExtractor

from npc.cohort.cohort import Cohort
from npc.config.loading import compose
from npc.config.values import feature_settings
from npc.imaging.slices import largest_slice, three_slices
from npc.phantom import source as phantom
from npc.radiomics.extract import Extracted, extract

SEQUENCES, MODES, JOBS, MATRIX, STUDY = ("cet1", "t2"), ("max", "three"), 2, 512, 233
SETTINGS = feature_settings(compose([]))


def parameters(mode: str, **more: object) -> dict[str, Any]:
    """The paper's choices in pyradiomics' terms."""
    return {
        "setting": {"normalize": True, "normalizeScale": SETTINGS.scale, "binCount": SETTINGS.bin_count,
                    "force2D": mode == "max", "additionalInfo": False, **more},
        "imageType": {"Original": {}, "Wavelet": {"wavelet": SETTINGS.wavelet, "force2D": False}, "Square": {},
                      "SquareRoot": {}, "Logarithm": {}, "Exponential": {}},
        "featureClass": {("shape2D" if kind == "shape" and mode == "max" else kind): None for kind in SETTINGS.classes},
    }  # fmt: skip


def write_cases(folder: Path, cohort: Cohort) -> dict[str, list[tuple[str, Path, Path]]]:
    """Case name, image and outline on the chosen slices, by slice mode; and the CSV and parameters of each mode."""
    cases: dict[str, list[tuple[str, Path, Path]]] = {mode: [] for mode in MODES}
    for patient, row in cohort.patients.iterrows():
        for sequence in SEQUENCES:
            whole = sitk.ReadImage(cohort.root / row[f"{sequence}_mask"])
            inside = sitk.GetArrayFromImage(whole)
            for mode in MODES:
                chosen = [largest_slice(inside > 0)] if mode == "max" else list(three_slices(inside > 0))
                kept = np.zeros_like(inside)
                kept[chosen] = inside[chosen]
                mask = sitk.GetImageFromArray(kept)
                mask.CopyInformation(whole)
                path = folder / f"{patient}-{sequence}-{mode}.nii.gz"
                sitk.WriteImage(mask, path)
                cases[mode].append((f"{patient}/{sequence}", cohort.root / row[f"{sequence}_image"], path))
    for mode, of in cases.items():
        (folder / f"{mode}.json").write_text(json.dumps(parameters(mode)))
        with (folder / f"{mode}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("ID", "Image", "Mask"), *of])
    return cases


def ours(cohort: Cohort, store: Path) -> dict[str, Extracted]:
    shutil.rmtree(store, ignore_errors=True)
    return {sequence: extract(cohort, sequence, SETTINGS, store=store) for sequence in SEQUENCES}


def command_line(folder: Path) -> None:
    for mode in MODES:
        (folder / f"{mode}-out.csv").unlink(missing_ok=True)  # to which the command appends
        subprocess.run(
            [Path(sys.executable).with_name("pyradiomics"), folder / f"{mode}.csv", "--param", folder / f"{mode}.json",
             "--jobs", str(JOBS), "--format", "csv", "--out", folder / f"{mode}-out.csv", "--verbosity", "1"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def cropped(cases: dict[str, list[tuple[str, Path, Path]]]) -> None:
    work = (delayed(_cropped)(mode, image, mask) for mode, of in cases.items() for _, image, mask in of)
    Parallel(n_jobs=JOBS)(work)


def _cropped(mode: str, image: Path, mask: Path) -> None:
    radiomics.logger.setLevel(60)
    extractor = RadiomicsFeatureExtractor(parameters(mode, preCrop=True))
    extractor.execute(str(image), str(mask))


def timed(call: Callable[[], Any]) -> tuple[np.ndarray, Any]:
    """Elapsed seconds, and seconds that cores were busy."""
    before = np.array([time.perf_counter(), computing_time_of_tree(os.getpid())])
    found = call()
    return np.array([time.perf_counter(), computing_time_of_tree(os.getpid())]) - before, found


def apart(folder: Path, found: dict[str, Extracted]) -> tuple[float, int]:
    """Largest relative difference to the command line's values, and how many were compared."""
    largest, count = 0.0, 0
    for mode in MODES:
        theirs = pd.read_csv(folder / f"{mode}-out.csv").set_index("ID")
        for sequence, of in found.items():
            table = of.features[mode]
            values = theirs.loc[[f"{patient}/{sequence}" for patient in table.index], table.columns].to_numpy(float)
            own = table.to_numpy()
            largest = max(largest, float(np.max(np.abs(own - values) / np.maximum(np.abs(values), 1e-300))))
            count += own.size
    return largest, count


def cohort(root: Path, n: int, matrix: int) -> Cohort:
    """A phantom cohort of hospital 1 only, whose images are NIfTI: pyradiomics does not read a DICOM series."""
    phantom.write(root, seed=1, n=n + 1, external=1, matrix=matrix, readers=0)
    table = pd.read_csv(root / "patients.csv", index_col="patient_id")
    return Cohort("phantom", root, table[table["centre"] == "hospital_1"], SEQUENCES)


def main() -> None:
    given = [word for word in sys.argv[1:] if word != "--no-study"]
    patients, rounds = map(int, [*given, *("8", "3")[len(given) :]])
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        of = cohort(folder / "cohort", patients, MATRIX)
        cases = write_cases(folder, of)
        cropped({mode: some[:1] for mode, some in cases.items()})  # processes started and imports done
        ours(Cohort(of.name, of.root, of.patients[:2], of.sequences), folder / "store")
        times = []
        for _ in range(rounds):
            mine, found = timed(lambda: ours(of, folder / "store"))
            theirs, _ = timed(lambda: command_line(folder))
            crop, _ = timed(lambda: cropped(cases))
            times.append((mine, theirs, crop))
            shown = [f"{elapsed:.1f} s ({busy:.1f} s)" for elapsed, busy in times[-1]]
            print(f"  ours {shown[0]}, pyradiomics --jobs 2 {shown[1]}, preCrop {shown[2]}", flush=True)
        difference, count = apart(folder, found)
        for name, place in (("pyradiomics --jobs 2", 1), ("preCrop", 2)):
            for kind, what in enumerate(("time", "busy cores")):
                ratios = [row[place][kind] / row[0][kind] for row in times]
                print(
                    f"{name} / ours, {what}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
                )
        print(f"largest relative difference of {count} values to the command line's: {difference:.1e}")
        if "--no-study" in sys.argv:
            return
        study = cohort(folder / "study", STUDY, 64)
        first, _ = timed(lambda: ours(study, folder / "store"))
        reruns = [
            timed(lambda: [extract(study, sequence, SETTINGS, store=folder / "store") for sequence in SEQUENCES])[0][0]
            for _ in range(3)
        ]
        print(f"{STUDY} patients, both sequences: {first[0]:.0f} s at 64 pixels, from the cache "
              f"{statistics.median(reruns):.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
