"""Out-of-fold risks of the training patients: `train.py folds=5`.

A signature has memorised the outcomes of its own training patients, so their risks are optimistic, and a model that is
built on the signature (the combined model) would give it too much weight. The refit of each fold has the run's choices,
learns from the other folds and chooses its epoch on the internal validation cohort, as the run did.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
from omegaconf import DictConfig
from sklearn.model_selection import StratifiedKFold

from npc.files import write_text
from npc.imaging.store import Slices
from npc.run.folder import RunFolder
from npc.signature.fit import fit, log


def write_out_of_fold(config: DictConfig, run: RunFolder, slices: Sequence[Slices], patients: pd.DataFrame) -> None:
    """Writes `out_of_fold.csv` (`patient_id,fold,risk`) of a run; an interrupted refit resumes where it stopped.

    Args:
        config: of the run; `folds` is the number of folds.
        run: its folder; the refits are made in its subfolder `folds-K/`.
        slices: of each sequence.
        patients: with `split`, `label`, `time`, `event`.
    """
    for file, risks in refits(config, run, slices, patients):
        write_text(file, risks.to_csv(index=False))
    home = _home(config, run)
    parts = [pd.read_csv(_file(home, fold), dtype=str) for fold in range(1, config.folds + 1)]
    write_text(run.out_of_fold, pd.concat(parts).sort_values("patient_id").to_csv(index=False))
    shutil.rmtree(home, ignore_errors=True)


def refits(
    config: DictConfig, run: RunFolder, slices: Sequence[Slices], patients: pd.DataFrame
) -> Iterator[tuple[Path, pd.DataFrame]]:
    """The refits whose file does not exist yet: the file, and `patient_id`, `fold` and `risk` of the held-out patients.

    Args: as for `write_out_of_fold`.
    """
    training = patients[patients["split"] == "train"].sort_index()
    draw = StratifiedKFold(config.folds, shuffle=True, random_state=config.split.seed)
    for fold, (_, held_out) in enumerate(draw.split(training, training["label"].astype(int)), start=1):
        file = _file(_home(config, run), fold)
        if file.exists():
            continue
        log.info("fold %d of %d", fold, config.folds)
        others = patients[patients["split"] != "test"].copy()
        others.loc[training.index[held_out], "split"] = "test"
        predictions = fit(config, RunFolder(file.parent), slices, others, logger=False).predictions
        rows = predictions[predictions["split"] == "test"].assign(fold=fold)
        yield file, rows[["patient_id", "fold", "risk"]]


def _home(config: DictConfig, run: RunFolder) -> Path:
    return run.path / f"folds-{config.folds}"


def _file(home: Path, fold: int) -> Path:
    return home / str(fold) / "risk.csv"
