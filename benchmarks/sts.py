"""Signatures on the public sarcoma cohort, by repeated nested cross-validation: `python benchmarks/sts.py DIR DATA`.

39 patients of one centre: an external cohort does not exist, and a split leaves 6 test patients. So all patients take
part in five-fold cross-validation in which whatever a recipe selects or fits is selected and fitted again without the
fold, repeated with other folds (and, of networks, other first weights). DIR/risks has the out-of-fold risks of each
repeat; what is there is not computed again. At the end the table of docs/recovery.md is printed, of all repeats that
are there, with volume alone beside each recipe. benchmarks/power.py says what 20 events can show.
"""

import argparse
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
from omegaconf import OmegaConf
from scipy.stats import norm

from npc.cohort.analysed import analysed
from npc.cohort.load import load
from npc.config.loading import checked, compose
from npc.config.values import run_sequences
from npc.files import write_text
from npc.frozen.method import Frozen
from npc.frozen.regression import penalised
from npc.imaging.outline_sizes import outline_sizes
from npc.radiomics.method import Radiomic, table
from npc.run.folder import RunFolder
from npc.run.nested import nested_auc, out_of_fold
from npc.signature.method import Ensemble
from npc.signature.processor import prepare_processor
from npc.statistics.added_value import scores_within
from npc.statistics.delong import Aucs

WINDOW = ["preprocess.window=250"]  # mm; sarcomas are larger than tumours of the nasopharynx
RECIPES = {
    "texture energies": ["experiment=texture", "endpoint.kind=binary", *WINDOW],
    "texture energies, Cox": ["experiment=texture", *WINDOW],
    "encoder with random weights": ["method=frozen", "encoder=random", "slices=three", "encoder.input_size=64"],
    "radiomic": ["method=radiomic", "slices=three", "radiomics.bootstrap=0"],
    "filter network": ["experiment=filters", *WINDOW],
    "compact network": ["experiment=compact", "preprocess.size=96", *WINDOW],  # 128 pixels take twice as long
    "paper's network": ["method=ensemble"],
}
VOLUME, ARMS = "volume alone", "all arms (images)"
ARM_RECIPES = ("filter network", "texture energies, Cox", "radiomic")  # the arms of benchmarks/recovery.py
FOLDS = 5
Draws = dict[int, pd.DataFrame]  # `fold` and `risk` of each patient, by repeat


def drawing(place: Path, data: Path, name: str, sequence: str) -> Callable[[int], pd.DataFrame]:
    """What computes the out-of-fold risks of a recipe for a draw of the folds."""
    config = checked(compose([
        "cohort=sts", f"cohort.root={data.resolve()}", f"sequence={sequence}", f"store={place}/store",
        f"runs={place}/runs", f"ensemble.folds={FOLDS}", "trainer.accelerator=cpu", "trainer.threads=1", *RECIPES[name],
    ]))  # fmt: skip
    cohort = load(config.cohort, config.endpoint, run_sequences(config))
    patients = analysed(cohort, config.endpoint, config.split)[0].assign(split="train")  # all of them
    label = patients["label"].astype(int)
    outcome = patients[["time", "event"]].astype(float) if config.endpoint.kind == "cox" else None
    if config.method == "ensemble":
        slices = Ensemble(config, cohort, RunFolder(place / "none")).slices
        prepare_processor()
        from npc.signature.ensemble import fit_ensemble  # imports torch

        def networks(draw: int) -> pd.DataFrame:
            seeds = OmegaConf.merge(config, {"seed": draw, "split": {"seed": draw}})
            run = RunFolder(place / "networks" / f"{name}-{draw}")
            return fit_ensemble(seeds, run, slices, patients).out_of_fold

        return networks
    is_radiomic = config.method == "radiomic"
    method = (Radiomic if is_radiomic else Frozen)(config, cohort, RunFolder(place / "none"))
    method.inputs(patients)
    method.prepare(patients)
    if isinstance(method, Radiomic):
        features, estimator = table(method.extracted, config.slices).loc[patients.index], method.pipeline
    else:
        features = method.features
        estimator = penalised(config.endpoint.kind, features.shape[1], config.encoder.folds, config.seed)
    return lambda draw: out_of_fold(estimator, features, label, FOLDS, draw, outcome)


def arms(draws: dict[str, Draws]) -> Draws:
    """The mean of the arms' normal scores within each fold: no weight is fitted, so the risks stay out of fold."""
    parts = [draws[name] for name in ARM_RECIPES if name in draws]
    if len(parts) < len(ARM_RECIPES):
        return {}
    shared = reduce(set.intersection, (set(part) for part in parts))
    together = {}
    for draw in sorted(shared):
        rows = [part[draw] for part in parts]
        assert all(of["fold"].equals(rows[0]["fold"]) for of in rows)
        scores = [scores_within(of["risk"], of["fold"]) for of in rows]
        together[draw] = rows[0].assign(risk=np.mean(scores, axis=0))
    return together


def line(name: str, draws: Draws, label: pd.Series, volume: pd.Series) -> str:
    """A row of the table; the difference is to volume alone, in the same folds."""
    aucs = [nested_auc(label, rows)["estimate"] for rows in draws.values()]
    ruler = {draw: rows.assign(risk=volume[rows.index]) for draw, rows in draws.items()}
    found = within_folds(label, draws, ruler)
    low, high = found.logit_interval()
    words = f"| {name} | {len(draws)} | {found.auc[0]:.3f} ({low:.3f} to {high:.3f}) "
    words += f"| {min(aucs):.3f} to {max(aucs):.3f} "
    if name == VOLUME:
        return words + "| | |"
    test, contrast = found.compare(0, 1), np.array([1, -1])
    half = norm.ppf(0.975) * np.sqrt(contrast @ found.covariance @ contrast)
    return words + (
        f"| {test.difference:+.3f} ({test.difference - half:+.3f} to {test.difference + half:+.3f}) | {test.p:.2f} |"
    )


def within_folds(label: pd.Series, *risks: Draws) -> Aucs:
    """AUCs of pairs of patients of one fold, the mean over the repeats, with DeLong's covariance.

    Risks of different folds come from different signatures and are not compared. The components of a patient (with how
    many of the fold's patients of the other class it is rightly ordered) are averaged over the repeats before their
    variance is taken (of one repeat: LeDell, Petersen, van der Laan, Electron J Stat 2015;9:1583-1607). Ranks within
    a stratified fold that are compared between folds would be too optimistic: a patient with the event is ranked among
    fewer others with the event than a patient without it.
    """
    parts = [pd.concat([_ordered(label, rows) for rows in of.values()], axis=1).mean(axis=1) for of in risks]
    components = pd.concat(parts, axis=1).loc[label.index].to_numpy()
    cases, controls = components[label == 1], components[label == 0]
    covariance = sum(np.cov(of, rowvar=False) / len(of) for of in (cases, controls))
    return Aucs(cases.mean(axis=0), covariance, len(label), len(cases))


def _ordered(label: pd.Series, rows: pd.DataFrame) -> pd.Series:
    """The share of the fold's patients of the other class with whom a patient is rightly ordered."""
    shares = []
    for _, fold in rows.groupby("fold"):
        event = label[fold.index] == 1
        cases, controls = fold.loc[event, "risk"], fold.loc[~event, "risk"]
        right = (np.sign(cases.to_numpy()[:, None] - controls.to_numpy()) + 1) / 2
        shares += [pd.Series(right.mean(axis=1), cases.index), pd.Series(right.mean(axis=0), controls.index)]
    return pd.concat(shares)


def _read(place: Path) -> dict[str, Draws]:
    draws: dict[str, Draws] = {}
    for name in RECIPES:
        files = sorted((place / "risks").glob(f"{name}-[0-9]*.csv"), key=_draw)
        if files:
            draws[name] = {
                _draw(file): pd.read_csv(file, dtype={"patient_id": str}, index_col="patient_id") for file in files
            }
    return draws


def _draw(file: Path) -> int:
    return int(file.stem.rpartition("-")[2])


def _print(place: Path, data: Path, sequence: str) -> None:
    config = checked(compose(["cohort=sts", f"cohort.root={data.resolve()}", f"sequence={sequence}"]))
    cohort = load(config.cohort, config.endpoint, run_sequences(config))
    label = analysed(cohort, config.endpoint, config.split)[0]["label"].astype(int)
    sizes = outline_sizes(place / "store", cohort, run_sequences(config), label.index)
    volume = sizes.set_index("patient_id")["volume"]
    draws = _read(place)
    most: Draws = max(draws.values(), key=len)
    table = {VOLUME: {draw: rows.assign(risk=volume[rows.index]) for draw, rows in most.items()}, **draws}
    table |= {ARMS: together} if (together := arms(draws)) else {}
    print(f"{label.sum()} of {len(label)} patients have the event\n")
    print("| recipe | repeats | nested AUC (95% interval) | of single repeats | minus volume alone | P |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, of in table.items():
        print(line(name, of, label, volume))


def main() -> None:
    """Computes what is missing in DIR/risks, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", metavar="DIR", type=Path, help="for slices, features and risks")
    parser.add_argument("data", metavar="DATA", type=Path, help="the cohort folder, such as ../shared/data/sts")
    parser.add_argument("--sequence", default="mr_t1")
    parser.add_argument("--repeats", type=int, default=10, help="draws of the folds")
    parser.add_argument("--recipes", nargs="*", default=list(RECIPES), choices=list(RECIPES))
    choices = parser.parse_args()
    (choices.place / "risks").mkdir(parents=True, exist_ok=True)
    for name in choices.recipes:
        files = {draw: choices.place / "risks" / f"{name}-{draw}.csv" for draw in range(choices.repeats)}
        missing = {draw: file for draw, file in files.items() if not file.exists()}
        compute = drawing(choices.place, choices.data, name, choices.sequence) if missing else None
        for draw, file in missing.items():
            assert compute is not None
            write_text(file, compute(draw).to_csv(index_label="patient_id"))
    _print(choices.place, choices.data, choices.sequence)


if __name__ == "__main__":
    main()
