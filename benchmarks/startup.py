"""`train.py` from the command to the first step and to the end, by part; the same for a finished run, and its refusals.

`python benchmarks/startup.py [--rounds 5] [--epochs 3]`. The parts are measured in a process that notes the time when
each begins (`--parts`); a new phantom and store are made each time. All other rows are whole commands, medians.
"""

import argparse
import os
import resource
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REFUSED = {
    "misspelt key": ["batchsize=8"],
    "wrong type": ["batch_size=eight"],
    "impossible value": ["slices=four"],
    "--help": ["--help"],
    "--cfg job": ["--cfg", "job"],
}
PARTS = (
    "choices composed and checked",
    "phantom drawn",
    "cohort read, checked and split",
    "slice store built",
    "torch and Lightning imported",
    "to the first step",
    "epochs",
    "prediction, files, end",
)


def noted(words: list[str]) -> None:
    """Runs train.py in this process and prints the time at which each of `PARTS` ends; the last one ends with it."""
    from npc.phantom import source
    from npc.run import centres
    from npc.signature import method

    def note(name: str) -> None:
        print(f"NOTED {PARTS.index(name)} {time.time()}", file=sys.stderr, flush=True)

    def train_each(config: object) -> None:
        note("choices composed and checked")
        original(config)

    original, centres.train_each = centres.train_each, train_each
    draw, read = source.write, method.read_slices

    def write(*given: object, **choices: object) -> None:
        draw(*given, **choices)
        note("phantom drawn")

    def read_slices(*given: object, **choices: object) -> object:
        note("cohort read, checked and split")
        slices = read(*given, **choices)
        note("slice store built")
        return slices

    class Method(method.DeepLearning):
        def fit(self, *given: object) -> object:
            method.prepare_processor()
            import npc.signature.fit as fitting

            note("torch and Lightning imported")

            class Module(fitting.SignatureModule):
                def on_train_batch_start(self, batch: object, number: int) -> None:
                    if self.global_step == 0:
                        note("to the first step")

                def on_train_end(self) -> None:
                    note("epochs")

            fitting.SignatureModule = Module
            return super().fit(*given)

    source.write, method.read_slices, method.DeepLearning = write, read_slices, Method
    sys.argv = ["train.py", *words]
    runpy.run_path(str(ROOT / "train.py"), run_name="__main__")


def by_part(words: list[str]) -> dict[str, float]:
    """Seconds of each part of a command with a new phantom and store."""
    with tempfile.TemporaryDirectory() as folder:
        places = [f"cohort.root={folder}/phantom", f"store={folder}/store", f"runs={folder}/runs"]
        begun = time.time()
        done = subprocess.run(
            [sys.executable, __file__, "--parts", *words, *places], cwd=ROOT, capture_output=True, text=True, check=True
        )
        ended = time.time()
    at = [begun, *(float(line.split()[2]) for line in done.stderr.splitlines() if line.startswith("NOTED")), ended]
    return dict(zip(PARTS, (after - before for before, after in pairwise(at)), strict=True))


def seconds(words: list[str]) -> tuple[float, float]:
    """Of a command: elapsed, and of computing."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "train.py", *words], cwd=ROOT, capture_output=True)
    elapsed, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Prints a row for each part, then for each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="of the commands; the default run is made once")
    parser.add_argument("--epochs", type=int, default=3, help="of the default run")
    parser.add_argument("--parts", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    choices = parser.parse_args()
    if choices.parts is not None:
        noted(choices.parts)
        return
    tiny, default = ["experiment=tiny", "trainer=cpu"], ["trainer=cpu", f"trainer.max_epochs={choices.epochs}"]
    seconds(["slices=four"])  # fills the disk's cache
    tinies = [by_part(tiny) for _ in range(choices.rounds)]
    whole = by_part(default)
    print(f"| part | experiment=tiny, s | 233 patients, ResNet-50, {choices.epochs} epochs, s |")
    print("| --- | --- | --- |")
    for part in PARTS:
        print(f"| {part} | {statistics.median(one[part] for one in tinies):.1f} | {whole[part]:.1f} |")
    total = statistics.median(sum(one.values()) for one in tinies)
    print(f"| **whole command** | {total:.1f} | {sum(whole.values()):.1f} |\n", flush=True)
    print("| command | elapsed, s | computing, s |")
    print("| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        places = [f"cohort.root={folder}/phantom", f"store={folder}/store", f"runs={folder}/runs"]
        finished = [*tiny, *places]
        seconds(finished)
        for name, words in {"finished run repeated": finished, **REFUSED}.items():
            times = [seconds(words) for _ in range(choices.rounds)]
            elapsed, computing = (statistics.median(of) for of in zip(*times, strict=True))
            print(f"| {name} | {elapsed:.2f} | {computing:.2f} |", flush=True)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every command would compile its modules again
    main()
