"""Time and memory of each stage for growing numbers of patients: `python benchmarks/growth.py [--sizes 233 1000 5000]`.

Each stage is a process of its own; its imports count for its memory, not for its time. What is synthetic, so that
10,000 patients take minutes and not hours: the image files of the table are empty (their names are checked and their
content is hashed), and the store's rows are noise. Images are drawn, and the store is built, for 40 patients only. The
report is of one variant with risks that are drawn. A stage that takes more than `--limit` seconds is stopped, and not
tried with more patients. Seconds of the processor depend less on other jobs than those of the clock.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from memory import memory_of_tree

from npc.phantom.hospitals import HOSPITALS
from npc.phantom.options import Options
from npc.phantom.population import draw_patient

ROOT = Path(__file__).resolve().parents[1]
SIZE, PLANES, DRAWN = 64, 3, 40  # pixels, planes of a row, and patients whose images are drawn
BEGIN = """
import sys
from npc.cohort.analysed import analysed
from npc.cohort.load import load
from npc.config.loading import compose
folder, words = sys.argv[1], sys.argv[2:]
"""
LOADED = """
cohort = load(config.cohort, config.endpoint, ["cet1"])
patients, _ = analysed(cohort, config.endpoint, config.split)
"""
STAGES = {
    "table read, checked, split": f"{BEGIN}config = compose(words)\nprint('ready', flush=True)\n{LOADED}",
    "files hashed": f"""{BEGIN}
from npc.imaging.input_settings import preprocess_settings
from npc.imaging.store import slices_hash
config = compose(words)
{LOADED}
print("ready", flush=True)
slices_hash(config.store, cohort, "cet1", preprocess_settings(config))
""",
    "an epoch of network=tiny": f"""{BEGIN}
import numpy as np
from pathlib import Path
from npc.imaging.store import Slices
from npc.run.folder import RunFolder
from npc.signature.fit import fit
config = compose([*words, "network=tiny", "trainer.max_epochs=1", "trainer.accelerator=cpu"])
{LOADED}
rows = {{name: row for row, name in enumerate(cohort.patients.index)}}
array = np.memmap(f"{{folder}}/rows.u8", np.uint8, "r", shape=(len(rows), {PLANES}, {SIZE}, {SIZE}))
print("ready", flush=True)
fit(config, RunFolder(Path(folder) / "run"), [Slices(array, rows, "")], patients, logger=False)
""",
    "report": f"""{BEGIN}
from npc.config.checks import check_evaluate
from npc.report.paper.evaluate import evaluate
from hydra import compose as compose_any, initialize_config_dir
from npc.config.loading import CONFIGS
with initialize_config_dir(str(CONFIGS), version_base="1.3"):
    config = compose_any("evaluate", [*words[:2], f"cohort.root={{folder}}", f"runs={{folder}}/runs",
                                      f"reports={{folder}}/reports", "report.patients=false"])
check_evaluate(config)
print("ready", flush=True)
evaluate(config)
""",
}


def write(folder: Path, n: int) -> None:
    """A table of the phantom's patients with empty images, a store of noise and a run with risks that are drawn."""
    options = Options.of({"n": n, "external": n // 5, "readers": 0})
    patients = [
        draw_patient(HOSPITALS[hospital], number, options)[0]
        for hospital, size in enumerate(options.sizes)
        for number in range(size)
    ]
    (folder / "images").mkdir(parents=True)
    for row in patients:
        for part in ("image", "mask"):
            row[f"cet1_{part}"] = f"images/{row['patient_id']}_{part}.nii.gz"
            (folder / row[f"cet1_{part}"]).touch()
    table = pd.DataFrame(patients)
    table.to_csv(folder / "patients.csv", index=False)
    rng = np.random.default_rng(0)
    rng.integers(0, 256, (n, PLANES, SIZE, SIZE), dtype=np.uint8).tofile(folder / "rows.u8")
    run = folder / "runs/table/cet1-max/000000000000"
    run.mkdir(parents=True)
    split = np.where(table["centre"] == table["centre"].iloc[0], "train", "test").astype(object)
    split[rng.choice(np.flatnonzero(split == "train"), n // 12, replace=False)] = "validation"
    risk = 1 / (1 + np.exp(-table["dm_event"] - rng.normal(size=n)))
    pd.DataFrame(
        {"patient_id": table["patient_id"], "split": split, "label": table["dm_event"], "time": table["dmfs_months"],
         "event": table["dm_event"], "risk": risk}
    ).to_csv(run / "predictions.csv", index=False)  # fmt: skip
    (run / "config.yaml").write_text("")
    (run / "DONE").touch()


def processor(pid: int) -> float:
    """Seconds of the processor that a living process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ended() -> float:
    """Seconds of the processor that all ended processes have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(code: str, folder: Path, words: list[str], limit: float) -> tuple[float, float, float, float] | None:
    """Seconds of a stage, those of the processor, and peaks of its memory and of the files mapped into it, MiB.

    None past the limit.

    Raises:
        SystemExit: the stage failed.
    """
    command = [sys.executable, "-c", code, str(folder), *words]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdout is not None
        process.stdout.readline()  # ready
        begun, own, files, used = time.perf_counter(), 0.0, 0.0, ended() + processor(process.pid)
        while process.poll() is None:
            if time.perf_counter() - begun > limit:
                process.kill()
                process.wait()
                return None
            looked = time.perf_counter()
            own = max(own, 1024 * memory_of_tree(process.pid, "Pss_Anon"))
            files = max(files, 1024 * memory_of_tree(process.pid, "Pss_File"))
            time.sleep(max(0.05, 20 * (time.perf_counter() - looked)))  # a look holds the process up
        if process.returncode:
            errors.seek(0)
            sys.exit(f"growth.py: {(errors.read().strip().splitlines() or ['no message'])[-1]}")
        return time.perf_counter() - begun, ended() - used, own, files


def drawn() -> tuple[float, float]:
    """Seconds a patient to draw a phantom of 64 pixels with one sequence's images, and to build its store."""
    code = f"""{BEGIN}
import time
from npc.imaging.input_settings import preprocess_settings
from npc.imaging.store import open_store
phantom = ["cohort=phantom", "cohort.n={DRAWN}", "cohort.external=8", "cohort.matrix={SIZE}"]
config = compose([*words, *phantom, f"cohort.root={{folder}}"])
begun = time.perf_counter()
{LOADED}
middle = time.perf_counter()
open_store(config.store, cohort, "cet1", preprocess_settings(config))
print(middle - begun, time.perf_counter() - middle)
"""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", code, folder, f"store={folder}/store"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    first, second = map(float, done.stdout.split())
    return first / DRAWN, second / DRAWN


def at_100_000(n: int, of_n: float, more: int, of_more: float) -> float:
    """What 100,000 patients need, given what `n` and `more` need."""
    growth = of_more / of_n
    if growth > more / n:
        return of_more * (1e5 / more) ** (np.log(growth) / np.log(more / n))
    return of_more + max(of_more - of_n, 0) * (1e5 - more) / (more - n)


def main() -> None:
    """Prints a row for each stage and number of patients, then what 100,000 need."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[233, 1000, 5000, 10_000])
    parser.add_argument("--limit", type=float, default=60, help="seconds of a stage")
    choices = parser.parse_args()
    print("| stage | patients | seconds | of the processor | own memory, MiB | mapped files, MiB |")
    print("| --- | --- | --- | --- | --- | --- |")
    found: dict[str, list[tuple[int, float, float]]] = {stage: [] for stage in STAGES}
    for n in sorted(choices.sizes):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "cohort"
            write(folder, n)
            words = ["cohort=table", "cohort.name=table", f"cohort.root={folder}", "cohort.sequences=[cet1]"]
            words.append(f"store={folder}/store")
            for stage, code in STAGES.items():
                if found[stage] and found[stage][-1][1] == float("inf"):
                    continue
                of = measured(code, folder, words, choices.limit)
                found[stage].append((n, *(of[1:3] if of else (float("inf"), 0.0))))
                shown = " | ".join([f"{of[0]:.1f}", f"{of[1]:.1f}", f"{of[2]:.0f}", f"{of[3]:.0f}"]) if of else ""
                shown = shown or f"more than {choices.limit:.0f} | | |"
                print(f"| {stage} | {n:,} | {shown} |", flush=True)
    by_patient = drawn()
    print(f"\nDrawing images of {SIZE} pixels takes {1000 * by_patient[0]:.0f} ms a patient and building the store "
          f"{1000 * by_patient[1]:.0f} ms; neither needs more memory with more patients.")  # fmt: skip
    small, large = (1e5 * PLANES * side**2 / 2**30 for side in (SIZE, 512))
    print(
        "The store's file is mapped, so that the system can drop it from memory. For 100,000 patients and one sequence "
        f"it has {small:.1f} GiB at {SIZE} pixels and {large:.0f} GiB at 512, and is built in "
        f"{1e5 * by_patient[1] / 3600:.1f} hours. Also for 100,000, through the two largest numbers measured, in a "
        "straight line or, where more than in proportion to the patients, by a power of their number: ",
        end="",
    )
    parts = []
    for stage, sizes in found.items():
        known = [one for one in sizes if one[1] < float("inf")][-2:]
        if len(known) == 2:
            (n, s, m), (more, longer, larger) = known
            seconds, memory = (at_100_000(n, a, more, b) for a, b in ((s, longer), (m, larger)))
            parts.append(f"{stage} {seconds:.0f} s of the processor and {memory / 1024:.1f} GiB")
    print("; ".join(parts) + ".")


if __name__ == "__main__":
    main()
