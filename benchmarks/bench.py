"""Runs the benchmarks one after another and writes their page, docs/benchmarks.md, after each: `make bench`.

`python benchmarks/bench.py [--only SECTION ...] [--quick] [--minutes 45] [--output FILE]`. A section that is measured
alone takes its place in the page, whose other sections stay. A section that takes longer than its limit is stopped, and
what it has printed is kept; sections that do not begin within the minutes, and that of the GPU where there is none, are
left as they were.
"""

import argparse
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from shutil import which

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("npc", "torch", "pytorch-lightning", "monai", "numpy", "pandas", "SimpleITK", "pyradiomics")


@dataclass(frozen=True)
class Section:
    """A script of this folder.

    Attributes:
        title: what it measures.
        words: the script and its arguments.
        quick: its arguments under --quick.
        limit: seconds after which it is stopped.
    """

    title: str
    words: tuple[str, ...]
    quick: tuple[str, ...] = ()
    limit: int = 60


SECTIONS = {
    "whole_epoch": Section(
        "A whole epoch against Lightning with MONAI over NIfTI files",
        ("whole_epoch.py", "--seconds", "360"),
        ("whole_epoch.py", "--sizes", "64", "--networks", "tiny", "--rounds", "1"),
        640,
    ),
    "pipelines": Section(
        "The data path of an epoch against MONAI over NIfTI files",
        ("pipelines.py",),
        ("pipelines.py", "--sizes", "64", "--patients", "16", "--rounds", "2"),
        180,
    ),
    "startup": Section(
        "From the command to its answer", ("startup.py", "--rounds", "3"), ("startup.py", "--rounds", "1"), 200
    ),
    "epoch": Section(
        "An epoch against a loop over tensors in memory",
        ("epoch.py", "--batches", "1", "4", "16", "--patients", "33", "--rounds", "3"),
        ("epoch.py", "--batches", "16", "--patients", "32", "--rounds", "1"),
        240,
    ),
    "sweep": Section(
        "Sweeps and folds against commands one by one",
        ("sweep.py", "--commands", "1"),
        ("sweep.py", "--cases", "frozen", "--commands", "1"),
        300,
    ),
    "growth": Section(
        "Growth of time and memory with the number of patients",
        ("growth.py", "--sizes", "233", "1000", "5000", "10000", "--limit", "400"),
        ("growth.py", "--sizes", "60", "100"),
        900,
    ),
    "commands": Section("npc predict and npc cohort agreement", ("commands.py", "--rounds", "1"), limit=120),
    "store": Section(
        "The slice store at 512 pixels, two sequences", ("store.py", "-", "12"), ("store.py", "-", "2"), 90
    ),
    "report": Section("The report of six variants", ("report.py",), limit=90),
    "index": Section("Index of 750 finished runs", ("index.py",), limit=60),
    "extraction": Section(
        "Radiomic features against pyradiomics", ("extraction.py", "2", "1", "--no-study"), limit=150
    ),
    "quality": Section("SSIM against a loop over scikit-image", ("quality.py", "--rounds", "1"), limit=90),
    "delong": Section("DeLong's method", ("delong.py",), limit=60),
    "gpu": Section("Training on a GPU", ("gpu.py",), limit=480),
}


def machine() -> str:
    """Processor, cores and versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return f"{name}, {os.cpu_count()} cores; Python {platform.python_version()}, {versions}."


def measured(section: Section, quick: bool, seconds: float) -> str:
    """A section of the page: what its script printed, or its last line of error.

    Args:
        section: to measure.
        quick: with its arguments under --quick.
        seconds: after which it is stopped, if its limit is not reached before.
    """
    words = section.quick if quick and section.quick else section.words
    limit, begun, load = min(section.limit, seconds), time.perf_counter(), os.getloadavg()[0]
    command = [sys.executable, str(ROOT / "benchmarks" / words[0]), *words[1:]]
    # without cached bytecode each command would compile its modules again
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    variables["PYTHONUNBUFFERED"] = "1"  # what a stopped script has printed is kept
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=errors,
            start_new_session=True,
            env=variables,
        )
        try:
            failed = process.wait(limit)
        except BaseException as ended:
            os.killpg(process.pid, signal.SIGKILL)  # its workers, too
            process.wait()
            if not isinstance(ended, subprocess.TimeoutExpired):
                raise
            failed = None
        output.seek(0)
        errors.seek(0)
        printed, complaint = output.read().strip(), errors.read().strip().splitlines()
    text = printed if re.search(r"^\| ", printed, re.MULTILINE) else f"```text\n{printed}\n```" if printed else ""
    if failed is None:
        text += f"\n\nStopped after {limit:.0f} s."
    elif failed:
        text += f"\n\nNot measured: {(complaint or ['no message'])[-1]}"
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M}, {time.perf_counter() - begun:.0f} s, load {load:.1f} at the start"
    return f"## {section.title}\n`{' '.join(words)}`, {when}.\n\n{text.strip()}\n"


def parts(page: str) -> dict[str, str]:
    """The sections of a page by their titles."""
    found = re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.strip() + "\n" for part in found}


def main() -> None:
    """Prints each section and writes the page after it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION",
                        help=f"of {', '.join(SECTIONS)}")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller inputs")
    parser.add_argument("--minutes", type=float, default=45, help="for all sections together")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    choices = parser.parse_args()
    ends = time.perf_counter() + 60 * choices.minutes
    found = parts(choices.output.read_text()) if choices.output.exists() else {}
    head = (
        f"# Benchmarks\n{machine()}\n\nWritten by `make bench`; each script of `benchmarks/` says what it measures and "
        "checks that both sides compute the same. Ratios are of one run, in turns, medians.\n"
    )
    for name in choices.only:
        section = SECTIONS[name]
        if (left := ends - time.perf_counter()) < 5:
            print(f"{name}: no time left", flush=True)
            continue
        if name == "gpu" and not which("nvidia-smi"):
            print("gpu: this machine has none", flush=True)
            continue
        found[section.title] = measured(section, choices.quick, left)
        print(found[section.title], flush=True)
        ordered = [found[of.title] for of in SECTIONS.values() if of.title in found]
        choices.output.write_text("\n".join([head, *ordered]))


if __name__ == "__main__":
    main()
