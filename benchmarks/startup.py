"""Seconds from the command to its answer, median of five after a first call that fills the disk cache."""

import statistics
import subprocess
import sys
import time

CASES = {
    "misspelt key": ["batchsize=8"],
    "wrong type": ["batch_size=eight"],
    "impossible value": ["slices=four"],
    "--help": ["--help"],
    "--cfg job": ["--cfg", "job"],
}


def seconds(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "train.py", *arguments], capture_output=True)
    return time.perf_counter() - start


for name, arguments in CASES.items():
    seconds(arguments)
    print(f"{name:17s} {statistics.median(seconds(arguments) for _ in range(5)):.2f} s")
