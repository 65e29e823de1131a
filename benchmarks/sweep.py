"""The twelve runs of sweeps/smoke.yaml by `npc sweep run` against the same twelve `python train.py` one after another.

In addition, the time that a run needs apart from its epochs: the time between the end of one run and the end of the
next on one slot, minus the next one's epochs; the first run, which imports, is left out.

    benchmarks/sweep.py [rounds]
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NPC = Path(sys.executable).with_name("npc")
FILE = ROOT / "sweeps" / "smoke.yaml"


def timed(*command: object) -> float:
    start = time.perf_counter()
    subprocess.run([str(word) for word in command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    return time.perf_counter() - start


def overheads(runs: Path) -> list[float]:
    """Seconds between the ends of two runs on a slot that were not spent on epochs; an epoch is the mean of its run."""
    ended = []
    for log in runs.rglob("train.log"):
        epochs = [
            datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp()
            for line in log.read_text().splitlines() if " epoch " in line
        ]  # fmt: skip
        training = (epochs[-1] - epochs[0]) * len(epochs) / (len(epochs) - 1)
        ended.append(((log.parent / "DONE").stat().st_mtime, training))
    return [end - before - training for (before, _), (end, training) in pairwise(sorted(ended))]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    ratios, between = [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        given = f"store={folder}/store"
        listed = subprocess.run(
            [NPC, "sweep", "list", FILE, given, "--json"], capture_output=True, text=True, check=True
        )
        runs = [run["overrides"] for run in json.loads(listed.stdout)["runs"]]
        timed(NPC, "sweep", "run", FILE, "--slots", 2, given, f"runs={folder}/warm")  # phantom and store are made
        for at in range(rounds):
            ours = timed(NPC, "sweep", "run", FILE, "--slots", 2, given, f"runs={folder}/ours{at}")
            alone = sum(timed(sys.executable, "train.py", *run, f"runs={folder}/alone{at}") for run in runs)
            timed(NPC, "sweep", "run", FILE, "--slots", 1, given, f"runs={folder}/one{at}")
            between += overheads(folder / f"one{at}")
            ratios.append(alone / ours)
            print(f"  npc sweep run {ours:.1f} s, train.py one after another {alone:.1f} s", flush=True)
    print(
        f"train.py one after another / npc sweep run: {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )
    print(f"between two runs of a slot: {statistics.median(between):.2f} s (at most {max(between):.2f})")


if __name__ == "__main__":
    main()
