"""What each recipe recovers of what the images show: `python benchmarks/recovery.py DIR [--seeds 5000 5001 ...]`.

For each phantom (188 patients at hospital 1, 400 external patients) and each recipe it prints the recovered share of
the oracle, (AUC - 0.5) / (oracle - 0.5) on the external patients, and appends it to DIR/recovery.csv; what is there
already is not computed again. At the end, or with --table at once, it prints the tables of docs/recovery.md.
Recipes are chosen on seeds below 1000 and reported on seeds from 5000.
"""

import argparse
import contextlib
import csv
import io
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed
from recovery_table import VOLUME, recovered, spread
from sklearn.metrics import roc_auc_score

from npc.config.key import run_folder
from npc.config.loading import checked, compose
from npc.phantom.source import read
from npc.prognosis.models import all_arms
from npc.prognosis.runs import Run, read_run
from npc.run.train import train

EXTERNAL = 400
COHORT = {"n": 188 + EXTERNAL, "external": EXTERNAL, "readers": 0}
RECIPES = {
    "texture energies": ["experiment=texture"],
    "ensemble of filter networks": ["experiment=filters"],
    "one filter network": ["experiment=filters", "method=deep_learning"],
    "ensemble of compact networks": ["experiment=compact"],
    "paper's network": [],
    "one compact network": ["experiment=compact", "method=deep_learning"],
    "ResNet-18 on the crop": ["network=resnet18", "preprocess=roi_crop", "slices=three"],
    "encoder with random weights": ["method=frozen", "encoder=random", "encoder.input_size=64", "slices=three"],
    "radiomic": ["method=radiomic", "slices=three", "radiomics.bootstrap=0"],
}
# Asked for by --recipes: what `cohort.missing=mask` loses where 30% of the patients have no T2-weighted images. Both
# without the sizes of the outlines, of which some are absent.
RECIPES_OF_TWO = {
    "CET1-w and T2-w": ["experiment=compact", "method=deep_learning", "sequence=both", "network.size_input=false"],
    "CET1-w and T2-w, 30% without T2-w": [
        "experiment=compact", "method=deep_learning", "sequence=both", "network.size_input=false",
        "cohort.missing=mask", "cohort.without_t2=0.3",
    ],
}  # fmt: skip
ARMS = "all arms (images)"
ARM_RECIPES = {"ensemble": "ensemble of filter networks", "radiomic": "radiomic", "frozen": "texture energies"}
COLUMNS = ["signal", "seed", "training_seed", "recipe", "auc", "oracle", "recovered"]
Task = tuple[str, int, int, str]  # the first four columns


def draw(place: Path, signal: str, seed: int) -> None:
    """Draws a phantom, unless it is there."""
    read(place / "data" / f"{signal}-{seed}", ["cet1"], seed=seed, signal_in=signal, **COHORT)


def made(place: Path, task: Task, accelerator: str) -> Run:
    """The finished run of a recipe on a phantom."""
    signal, seed, training_seed, recipe = task
    config = checked(compose([
        # the images of a seed are the same whatever part carries the outcome, and so is their store
        f"runs={place}/runs", f"store={place}/store/{seed}", f"cohort.root={place}/data/{signal}-{seed}",
        f"cohort.name={signal}-{seed}", *(f"cohort.{key}={value}" for key, value in COHORT.items()),
        f"cohort.seed={seed}", f"cohort.signal_in={signal}", f"seed={training_seed}",
        f"trainer.accelerator={accelerator}", *(RECIPES | RECIPES_OF_TWO)[recipe],
    ]))  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        train(config)
    return read_run(run_folder(config))


def measured(place: Path, task: Task, accelerator: str, until: float) -> list[list[object]]:
    """The rows of a recipe on a phantom, volume alone beside it; none if the time is over."""
    if time.time() > until:
        return []
    run = made(place, task, accelerator)
    test = run.predictions[run.predictions["split"] == "test"]
    sizes = run.outlines()
    assert sizes is not None
    return [_row(run, task, test["risk"]), _row(run, (*task[:3], VOLUME), sizes["volume"].mean(axis=1)[test.index])]


def arms(place: Path, tasks: dict[str, Task], accelerator: str) -> list[object]:
    """The row of the model of all arms, whose runs are finished."""
    runs = {method: made(place, task, accelerator) for method, task in tasks.items()}
    first = next(iter(runs.values()))
    risk = all_arms(first.predictions, [], 0.05, runs).risk
    return _row(first, (*next(iter(tasks.values()))[:3], ARMS), risk[first.predictions["split"] == "test"])


def _row(run: Run, task: Task, risk: pd.Series) -> list[object]:
    oracle = json.loads((run.path / "metrics.json").read_text())["oracle"]["test"]["image"]
    found = float(roc_auc_score(run.predictions.loc[risk.index, "label"], risk))
    return [*task, f"{found:.4f}", f"{oracle:.4f}", f"{(found - 0.5) / (oracle - 0.5):.4f}"]


def main() -> None:
    """Measures what is missing in DIR/recovery.csv, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", metavar="DIR", type=Path, help="for phantoms, runs and recovery.csv")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5000, 5010)), help="of the phantoms")
    parser.add_argument("--signals", nargs="+", default=["mixed", "texture", "size"], help="values of cohort.signal_in")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=[*RECIPES, *RECIPES_OF_TWO])
    parser.add_argument("--training-seeds", type=int, nargs="+", default=[0], help="of first weights and order")
    parser.add_argument("--accelerator", default="cpu", help="trainer.accelerator")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--minutes", type=float, default=1e6, help="no recipe is begun after this time")
    parser.add_argument("--table", action="store_true", help="only prints the tables of DIR/recovery.csv")
    choices = parser.parse_args()
    place, until = choices.place, time.time() + 60 * choices.minutes
    file = place / "recovery.csv"
    if choices.table:
        print_tables(file)
        return
    place.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_text(",".join(COLUMNS) + "\n")
    work = Parallel(n_jobs=choices.jobs, return_as="generator_unordered")
    phantoms = list(itertools.product(choices.signals, choices.seeds))
    list(work(delayed(draw)(place, *phantom) for phantom in phantoms))
    there = _there(file)
    # recipe by recipe: when the time is over, those that come first have been measured on all phantoms
    tasks = [
        (*phantom, training_seed, recipe)
        for training_seed in choices.training_seeds
        for recipe in choices.recipes
        for phantom in phantoms
    ]
    for rows in work(delayed(measured)(place, task, choices.accelerator, until) for task in tasks if task not in there):
        _add(file, rows)
    _add(file, (arms(place, *of, choices.accelerator) for of in _arms(file)))
    print_tables(file)


def print_tables(file: Path) -> None:
    """Prints the tables of docs/recovery.md."""
    rows = pd.read_csv(file)
    print(recovered(rows))
    if between_seeds := spread(rows):
        print(f"\nBetween training seeds of a phantom:\n\n{between_seeds}")


def _there(file: Path) -> set[Task]:
    return set(pd.read_csv(file)[COLUMNS[:4]].itertuples(index=False, name=None))


def _arms(file: Path) -> Iterator[tuple[dict[str, Task]]]:
    """The runs of each phantom that has all arms and no model of them yet."""
    there = _there(file)
    for phantom in sorted({task[:3] for task in there}):
        tasks = {method: (*phantom, recipe) for method, recipe in ARM_RECIPES.items() if (*phantom, recipe) in there}
        if len(tasks) == len(ARM_RECIPES) and (*phantom, ARMS) not in there:
            yield (tasks,)


def _add(file: Path, rows) -> None:
    there = _there(file)
    for row in rows:
        if tuple(row[:4]) not in there:
            there.add(tuple(row[:4]))
            with file.open("a", newline="") as table:
                csv.writer(table, lineterminator="\n").writerow(row)  # a recipe's name may hold a comma
            print(*row, flush=True)


if __name__ == "__main__":
    main()
