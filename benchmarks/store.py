"""Seconds and peak memory (proportional set size of all processes) of building the slice store at 512 pixels.

`python benchmarks/store.py [DIR] [PATIENTS]`: 233 patients with two sequences are 7 GB of images, which stay in DIR;
without DIR they are written to a temporary folder.
"""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from memory import memory_of_tree

TEMPORARY = tempfile.TemporaryDirectory()
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] != "-" else TEMPORARY.name)
PATIENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 233
BUILD = """
import sys
from npc.cohort.load import load
from npc.config.loading import compose
from npc.imaging.input_settings import preprocess_settings
from npc.imaging.store import open_store
folder = sys.argv[1]
config = compose(["cohort=table", f"cohort.root={folder}/cohort", "cohort.clinical=null", f"store={folder}/store"])
cohort = load(config.cohort, config.endpoint, ["cet1", "t2"])
print("ready", flush=True)
for sequence in ("cet1", "t2"):
    slices = open_store(config.store, cohort, sequence, preprocess_settings(config))
    print(sequence, slices.array.shape, flush=True)
"""


def write_cohort(folder: Path, patients: int, slices: int = 20, matrix: int = 512) -> None:
    """Noise with a disc as its outline: only the size of the images matters, not their content."""
    rows = []
    y, x = np.mgrid[:matrix, :matrix] - matrix // 2
    for number in range(patients):
        row: dict[str, object] = {"patient_id": f"p{number:03d}", "centre": "h1" if number < 0.8 * patients else "h2"}
        row |= {"dmfs_months": 10.0, "dm_event": number % 2}
        for sequence in ("cet1", "t2"):
            rng = np.random.default_rng([number, len(sequence)])
            image = rng.integers(0, 1000, (slices, matrix, matrix), dtype=np.int16)
            mask = np.zeros(image.shape, np.uint8)
            mask[5:15] = np.hypot(x, y) < rng.integers(20, 80)
            for part, array in (("image", image), ("mask", mask)):
                row[f"{sequence}_{part}"] = name = f"p{number:03d}_{sequence}_{part}.nii"
                sitk.WriteImage(sitk.GetImageFromArray(array), folder / name)
        rows.append(row)
    pd.DataFrame(rows).to_csv(folder / "patients.csv", index=False)


(FOLDER / "cohort").mkdir(parents=True, exist_ok=True)
if not (FOLDER / "cohort" / "patients.csv").exists():
    write_cohort(FOLDER / "cohort", PATIENTS)
process = subprocess.Popen([sys.executable, "-c", BUILD, str(FOLDER)], stdout=subprocess.PIPE, text=True)
assert process.stdout is not None
for line in process.stdout:
    if line.startswith("ready"):
        break
start, peak, done = time.perf_counter(), 0.0, threading.Event()


def watch() -> None:
    global peak
    while not done.wait(0.1):
        peak = max(peak, memory_of_tree(process.pid))


thread = threading.Thread(target=watch)
thread.start()
print(process.stdout.read(), end="")
process.wait()
done.set()
thread.join()
print(f"{PATIENTS} patients: {time.perf_counter() - start:.0f} s, peak {peak:.2f} GiB")
TEMPORARY.cleanup()
sys.exit(process.returncode)
