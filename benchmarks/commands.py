"""Commands on a phantom of 60 patients of 32 pixels: `npc predict` and `npc cohort agreement`, medians.

`python benchmarks/commands.py [--rounds 3]`. The prediction is that of a tiny network; the agreement compares three
outlines of 30 patients on two sequences, 180 outlines with all radiomic features of pyradiomics.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NPC = [sys.executable, "-c", "from npc.cli import main; main()"]


def seconds(*words: object) -> float:
    """Of a command of npc, which must succeed."""
    start = time.perf_counter()
    subprocess.run([*NPC, *map(str, words)], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Prints a row for each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of npc predict; the agreement is measured once")
    choices = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = f"cohort.root={folder}/phantom"
        seconds("train", "experiment=tiny", "trainer=cpu", place, f"store={folder}/store", f"runs={folder}/runs")
        (run,) = (done.parent for done in Path(folder, "runs").rglob("DONE"))
        (cohort,) = (table.parent for table in Path(folder, "phantom").glob("*/patients.csv"))
        words = ("cohort=table", f"cohort.root={cohort}")
        predicted = [
            seconds("predict", run, *words, f"store={folder}/other{at}", "-o", f"{folder}/predictions")
            for at in range(choices.rounds)
        ]
        print("| command | seconds |\n| --- | --- |")
        print(f"| npc predict, 60 patients, new store | {statistics.median(predicted):.1f} |", flush=True)
        agreed = seconds("cohort", "agreement", "experiment=tiny", place, "--reports", f"{folder}/reports")
        print(f"| npc cohort agreement, 30 patients, 180 outlines | {agreed:.1f} |")


if __name__ == "__main__":
    main()
