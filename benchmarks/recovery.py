"""What each recipe recovers of what the images show: `python benchmarks/recovery.py DIR [--seeds 5000 5001 ...]`.

For each phantom (188 patients at hospital 1, 400 external patients) and each recipe it prints the recovered share of
the oracle, (AUC - 0.5) / (oracle - 0.5) on the external patients, and appends it to DIR/recovery.csv; what is there
already is not computed again. At the end it prints the table of docs/recovery.md: mean and range over the phantoms.
Recipes are chosen on seeds below 1000 and reported on seeds from 5000.
"""

import argparse
import contextlib
import csv
import io
import json
from pathlib import Path

import pandas as pd
from sklearn.metrics import roc_auc_score

from npc.config.key import run_folder
from npc.config.loading import checked, compose
from npc.prognosis.models import all_arms
from npc.prognosis.runs import Run, read_run
from npc.run.train import train

EXTERNAL = 400
SMALL = ["network=small", "optimizer=adamw", "optimizer.lr=0.001", "preprocess=roi_crop", "slices=three"]
RECIPES = {
    "paper's network": [],
    "radiomic": ["method=radiomic", "slices=three", "radiomics.bootstrap=0"],
    "small network": [*SMALL, "network.size_input=true"],
    "ensemble of small networks": [*SMALL, "network.size_input=true", "method=ensemble"],
    "encoder with random weights": ["method=frozen", "encoder=random", "encoder.input_size=64", "slices=three"],
}
ARMS = {"ensemble": "ensemble of small networks", "radiomic": "radiomic"}  # of the model of all arms
COLUMNS = ["signal", "seed", "training_seed", "recipe", "auc", "oracle", "recovered"]


def made(place: Path, signal: str, seed: int, recipe: str, training_seed: int) -> Run:
    """The finished run of a recipe on a phantom."""
    config = checked(compose([
        f"runs={place}/runs", f"store={place}/store", f"cohort.root={place}/data", f"cohort.name={signal}-{seed}",
        f"cohort.n={188 + EXTERNAL}", f"cohort.external={EXTERNAL}", "cohort.readers=0", "trainer.accelerator=cpu",
        f"cohort.seed={seed}", f"cohort.signal_in={signal}", f"seed={training_seed}", *RECIPES[recipe],
    ]))  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        train(config)
    return read_run(run_folder(config))


def main() -> None:
    """Measures what is missing in DIR/recovery.csv, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", metavar="DIR", type=Path, help="for phantoms, runs and recovery.csv")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5000, 5010)), help="of the phantoms")
    parser.add_argument("--signals", nargs="+", default=["size", "texture", "mixed"], help="values of cohort.signal_in")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--training-seed", type=int, default=0, help="of first weights, order and augmentation")
    choices = parser.parse_args()
    choices.place.mkdir(parents=True, exist_ok=True)
    file = choices.place / "recovery.csv"
    if not file.exists():
        file.write_text(",".join(COLUMNS) + "\n")
    for seed in choices.seeds:
        for signal in choices.signals:
            measure(choices.place, file, signal, seed, choices.recipes, choices.training_seed)
    table = (
        pd.read_csv(file).groupby(["recipe", "signal"], sort=False)["recovered"].agg(["mean", "min", "max", "count"])
    )
    print(table.round(2).to_string())


def measure(place: Path, file: Path, signal: str, seed: int, recipes: list[str], training_seed: int) -> None:
    """Adds the rows of one phantom."""
    there = pd.read_csv(file)
    there = set(
        there.loc[(there[["signal", "seed", "training_seed"]] == [signal, seed, training_seed]).all(axis=1), "recipe"]
    )
    runs: dict[str, Run] = {}
    for recipe in recipes:
        runs[recipe] = run = made(place, signal, seed, recipe, training_seed)
        oracle = json.loads((run.path / "metrics.json").read_text())["oracle"]["test"]["image"]
        test = run.predictions[run.predictions["split"] == "test"]
        risks = {recipe: test["risk"]}
        sizes = run.outlines()
        assert sizes is not None
        risks["volume"] = sizes["volume"].mean(axis=1)[test.index]
        if set(ARMS.values()) <= runs.keys():
            arms = {method: runs[name] for method, name in ARMS.items()}
            risks["all arms (images)"] = all_arms(run.predictions, [], 0.05, arms).risk[test.index]
        with file.open("a", newline="") as rows:
            for name, risk in risks.items():
                if name not in there:
                    found = float(roc_auc_score(test["label"], risk))
                    row = [
                        signal,
                        seed,
                        training_seed,
                        name,
                        f"{found:.4f}",
                        f"{oracle:.4f}",
                        f"{(found - 0.5) / (oracle - 0.5):.4f}",
                    ]
                    csv.writer(rows).writerow(row)
                    print(*row, flush=True)
                    there.add(name)


if __name__ == "__main__":
    main()
