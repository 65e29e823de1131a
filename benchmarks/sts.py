"""Signatures on the public sarcoma cohort, by repeated nested cross-validation: `python benchmarks/sts.py DIR DATA`.

39 patients of one centre: an external cohort does not exist, and a split leaves 6 test patients. So all patients take
part in five-fold cross-validation in which whatever a recipe selects or fits is selected and fitted again without the
fold, repeated with other folds. Volume alone, which fits nothing, stands beside it.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from npc.cohort.analysed import analysed
from npc.cohort.load import load
from npc.config.loading import checked, compose
from npc.config.values import run_sequences
from npc.frozen.method import Frozen
from npc.frozen.regression import penalised
from npc.imaging.outline_sizes import outline_sizes
from npc.radiomics.method import Radiomic, table
from npc.run.folder import RunFolder
from npc.run.nested import nested_auc, out_of_fold
from npc.statistics.delong import delong

WINDOW = ["preprocess.window=250"]  # mm; sarcomas are larger than tumours of the nasopharynx
RECIPES = {
    "texture energies": ["experiment=texture", "endpoint.kind=binary", *WINDOW],
    "texture energies, Cox": ["experiment=texture", *WINDOW],
    "encoder with random weights": ["method=frozen", "encoder=random", "slices=three", "encoder.input_size=64"],
    "radiomic": ["method=radiomic", "slices=three", "radiomics.bootstrap=0"],
}


def main() -> None:
    """Prints a line for each recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", metavar="DIR", type=Path, help="for slices and features")
    parser.add_argument("data", metavar="DATA", type=Path, help="the cohort folder, such as ../shared/data/sts")
    parser.add_argument("--sequence", default="mr_t1")
    parser.add_argument("--repeats", type=int, default=20, help="draws of the folds")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    choices = parser.parse_args()
    for name in choices.recipes:
        config = checked(compose([
            "cohort=sts", f"cohort.root={choices.data.resolve()}", f"sequence={choices.sequence}",
            f"store={choices.place}/store", f"runs={choices.place}/runs", "trainer.accelerator=cpu", *RECIPES[name],
        ]))  # fmt: skip
        cohort = load(config.cohort, config.endpoint, run_sequences(config))
        patients = analysed(cohort, config.endpoint, config.split)[0].assign(split="train")  # all of them
        label = patients["label"].astype(int)
        if name == choices.recipes[0]:
            sizes = outline_sizes(config.store, cohort, run_sequences(config), patients.index)
            _print("volume", [], label, sizes.set_index("patient_id")["volume"][label.index])
        is_radiomic = config.method == "radiomic"
        method = (Radiomic if is_radiomic else Frozen)(config, cohort, RunFolder(choices.place / "none"))
        method.inputs(patients)
        method.prepare(patients)
        if isinstance(method, Radiomic):
            features, estimator = table(method.extracted, config.slices).loc[patients.index], method.pipeline
        else:
            features = method.features
            estimator = penalised(config.endpoint.kind, features.shape[1], config.encoder.folds, config.seed)
        outcome = patients[["time", "event"]].astype(float) if config.endpoint.kind == "cox" else None
        repeats = [out_of_fold(estimator, features, label, 5, seed, outcome) for seed in range(choices.repeats)]
        # ranks within a fold: risks of different folds come from different signatures
        ranks = [rows.groupby("fold")["risk"].rank(pct=True) for rows in repeats]
        aucs = [nested_auc(label, rows)["estimate"] for rows in repeats]
        _print(name, aucs, label, pd.concat(ranks, axis=1).mean(axis=1)[label.index])


def _print(name: str, aucs: list[float], label: pd.Series, risk: pd.Series) -> None:
    """Mean and range of the AUC over the repeats, and the AUC of the mean risk with its interval."""
    found = delong(label.to_numpy(), risk.to_numpy()[:, None])
    low, high = found.logit_interval()
    spread = f"{np.mean(aucs):.3f} ({min(aucs):.3f} to {max(aucs):.3f})" if aucs else "-"
    print(
        f"{name:30s} {int(label.sum())} of {len(label)} with the event; nested AUC {spread}; "
        f"mean risk {found.auc[0]:.3f} ({low:.3f} to {high:.3f})",
        flush=True,
    )


if __name__ == "__main__":
    main()
