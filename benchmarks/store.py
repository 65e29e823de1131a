"""Seconds and peak memory (proportional set size of all processes) of building the slice store at 512 pixels."""

import subprocess
import sys
import threading
import time
from pathlib import Path

FOLDER = Path(sys.argv[1])
BUILD = """
import sys
from npc.config import check, compose
from npc.cohort.load import load
from npc.imaging.preprocess import Preprocess
from npc.imaging.store import open_store
folder = sys.argv[1]
config = compose([f"cohort.root={folder}/phantom", "cohort.matrix=512", f"store={folder}/store"])
cohort = load(config.cohort, config.endpoint, ["cet1", "t2"])
print("phantom ready", flush=True)
for sequence in ("cet1", "t2"):
    slices = open_store(config.store, cohort, sequence, Preprocess(**config.preprocess))
    print(sequence, slices.array.shape, flush=True)
"""


def memory_of_tree(root: int) -> float:
    """Gigabytes of a process and its descendants."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    tree = {root}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    total = 0
    for process in tree:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
    return total / 2**20


process = subprocess.Popen([sys.executable, "-c", BUILD, str(FOLDER)], stdout=subprocess.PIPE, text=True)
assert process.stdout is not None
for line in process.stdout:
    if line.startswith("phantom ready"):
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
print(f"{time.perf_counter() - start:.0f} s, peak {peak:.2f} GiB, exit code {process.returncode}")
