"""Runs the benchmarks one after another and writes their page, docs/benchmarks.md: `make bench`.

`python benchmarks/bench.py [--only ITEM ...] [--quick] [--output FILE]`.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("npc", "torch", "pytorch-lightning", "monai", "numpy", "pandas", "SimpleITK", "pyradiomics")


@dataclass(frozen=True)
class Item:
    """A script of this folder.

    Attributes:
        title: what it measures.
        words: the script and its arguments.
        quick: its arguments under --quick.
    """

    title: str
    words: tuple[str, ...]
    quick: tuple[str, ...] = ()


ITEMS = {
    "pipelines": Item(
        "The data path of an epoch against MONAI over NIfTI files",
        ("pipelines.py",),
        ("pipelines.py", "--sizes", "64", "--patients", "16", "--rounds", "2"),
    ),
    "epoch": Item("An epoch against a loop over tensors in memory", ("epoch.py",)),
    "startup": Item("From the command to its answer", ("startup.py",)),
    "sweep": Item("A sweep against its commands one after another", ("sweep.py",), ("sweep.py", "1")),
    "quality": Item("SSIM against a loop over scikit-image", ("quality.py",)),
    "extraction": Item("Radiomic features against pyradiomics", ("extraction.py",), ("extraction.py", "2", "1")),
    "delong": Item("DeLong's method", ("delong.py",)),
    "index": Item("Index of 750 finished runs", ("index.py",)),
    "report": Item("The report of six variants", ("report.py",)),
    "gpu": Item("Training on a GPU", ("gpu.py",)),
}


def machine() -> str:
    """Processor, cores, how busy they are, and versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; "
        f"Python {platform.python_version()}, {versions}."
    )


def measured(item: Item, quick: bool) -> str:
    """The section of an item: what its script printed, or its last line of error."""
    words = item.quick if quick and item.quick else item.words
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / words[0]), *words[1:]], cwd=ROOT, capture_output=True, text=True
    )
    printed = done.stdout.strip()
    if done.returncode:
        printed += "\nnot measured: " + (done.stderr.strip().splitlines() or ["no message"])[-1]
    text = printed.strip() if printed.startswith("| ") else f"```text\n{printed.strip()}\n```"
    return f"## {item.title}\n`{' '.join(words)}`, {time.perf_counter() - begun:.0f} s\n\n{text}\n"


def main() -> None:
    """Prints and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=ITEMS, default=list(ITEMS), help="items to measure")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller inputs")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    choices = parser.parse_args()
    page = f"# Benchmarks\n{machine()}\nRatios are of one run, in turns. Written by `make bench`.\n"
    print(page, flush=True)
    for name in choices.only:
        section = measured(ITEMS[name], choices.quick)
        print(section, flush=True)
        page += "\n" + section
    choices.output.write_text(page)


if __name__ == "__main__":
    main()
