"""`npc sweep run` against the same `python train.py` one after another, and `folds=5` against five runs.

`python benchmarks/sweep.py [--cases smoke frozen ensemble folds] [--rounds 1] [--commands 3]`. Of the commands of a
sweep only the first few are timed; their mean stands for all. Before each ratio their predictions are compared byte by
byte. Phantom and store are made before. The rounds alternate.

`--overhead` measures the time that a run needs apart from its epochs, too: between the end of one run and the end of
the next on one slot, minus the next one's epochs; the first run, which imports, is left out.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
NPC = [sys.executable, "-c", "from npc.cli import main; main()"]
TINY = {"experiment": {"value": "tiny"}, "trainer.threads": {"value": 1}}
FROZEN = {"method": {"value": "frozen"}, "encoder": {"value": "random"}, "encoder.input_size": {"value": 64},
          "encoder.threads": {"value": 1}, "experiment": {"value": "tiny"},
          "sequence": {"values": ["cet1", "t2"]}, "slices": {"values": ["max", "three"]}}  # fmt: skip
ENSEMBLE = {**TINY, "method": {"value": "ensemble"}, "trainer.max_epochs": {"value": 2},
            "sequence": {"values": ["cet1", "t2"]}, "optimizer.lr": {"values": [0.01, 0.001]}}  # fmt: skip
CASES = {"smoke": None, "frozen": FROZEN, "ensemble": ENSEMBLE}


def timed(*command: object) -> float:
    """Seconds of a command, which must succeed."""
    start = time.perf_counter()
    done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.strip().splitlines()[-1:]}")
    return time.perf_counter() - start


def predictions(runs: Path) -> dict[str, bytes]:
    """Of each finished run, by its key."""
    return {file.parent.name: file.read_bytes() for file in runs.rglob("predictions.csv")}


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


def sweep(name: str, folder: Path, places: list[str], rounds: int, commands: int) -> None:
    """Prints the row of a sweep."""
    file = ROOT / "sweeps" / f"{name}.yaml"
    if (parameters := CASES[name]) is not None:
        file = folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump({"program": "train.py", "method": "grid", "parameters": parameters}))
    listed = subprocess.run(
        [*NPC, "sweep", "list", file, *places, "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    runs = [run["overrides"] for run in json.loads(listed.stdout)["runs"]]
    few = runs[:commands]
    ours, alone = [], []
    for at in range(rounds):
        one, other = folder / f"{name}-sweep{at}", folder / f"{name}-alone{at}"
        ours.append(timed(*NPC, "sweep", "run", file, "--slots", 2, *places, f"runs={one}"))
        each = [timed(sys.executable, "train.py", *run, *places, f"runs={other}") for run in few]
        alone.append(statistics.mean(each) * len(runs))
        made = predictions(one)
        assert all(made[key] == content for key, content in predictions(other).items()), f"{name}: other predictions"
    row(f"{name}: {len(runs)} runs ({len(few)} commands timed)", alone, ours)


def folds(folder: Path, places: list[str], rounds: int, commands: int) -> None:
    """Prints the row of `folds=5`, which makes a run and refits it five times, against six runs with other seeds."""
    ours, alone = [], []
    tiny = ["experiment=tiny", "trainer=cpu", *places]
    for at in range(rounds):
        ours.append(timed(sys.executable, "train.py", *tiny, "folds=5", f"runs={folder}/folds{at}"))
        seeds = range(1, 1 + min(commands, 6))
        each = [timed(sys.executable, "train.py", *tiny, f"seed={s}", f"runs={folder}/seeds{at}") for s in seeds]
        alone.append(statistics.mean(each) * 6)
    row(f"folds=5: 1 + 5 fits ({len(each)} commands timed)", alone, ours)


def row(name: str, alone: list[float], ours: list[float]) -> None:
    """Prints medians and ratio."""
    ratio = statistics.median(other / own for other, own in zip(alone, ours, strict=True))
    print(f"| {name} | {statistics.median(alone):.1f} | {statistics.median(ours):.1f} | {ratio:.1f} |", flush=True)


def main() -> None:
    """Prints a row for each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=[*CASES, "folds"], default=[*CASES, "folds"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--commands", type=int, default=3, help="of each case that are timed one by one")
    parser.add_argument("--overhead", action="store_true", help="of a run of smoke beyond its epochs, too")
    choices = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        places = [f"cohort.root={folder}/phantom", f"store={folder}/store"]
        for sequence in ("cet1", "t2"):  # phantom and store are made
            timed(sys.executable, "train.py", "experiment=tiny", f"sequence={sequence}", *places, f"runs={folder}/warm")
        print("| runs | one by one, s | npc, s | ratio |")
        print("| --- | --- | --- | --- |")
        for case in choices.cases:
            if case == "folds":
                folds(folder, places, choices.rounds, choices.commands)
            else:
                sweep(case, folder, places, choices.rounds, choices.commands)
        if choices.overhead:
            file = ROOT / "sweeps" / "smoke.yaml"
            timed(*NPC, "sweep", "run", file, "--slots", 1, *places, f"runs={folder}/one")
            between = overheads(folder / "one")
            print(f"\nbetween two runs of a slot: {statistics.median(between):.2f} s (at most {max(between):.2f})")


if __name__ == "__main__":
    main()
