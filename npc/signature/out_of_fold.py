"""Risks of the training patients by refits that did not see them: `train.py folds=5`.

A signature's own training patients get risks that it has learnt by heart; what is built on the signature (the combined
model) would then trust it too much. Each fold's refit has the run's choices, learns from the other folds and chooses
its epoch on the internal validation cohort, as the run did.
"""

import io
import shutil
from collections.abc import Sequence

import pandas as pd
from omegaconf import DictConfig
from sklearn.model_selection import StratifiedKFold

from npc.files import write_text
from npc.imaging.store import Slices
from npc.run.folder import RunFolder
from npc.signature.fit import fit, log


def write_out_of_fold(
    config: DictConfig, run: RunFolder, slices: Sequence[Slices], patients: pd.DataFrame, secondary: bool = False
) -> None:
    """Writes `out_of_fold.csv` (`patient_id,fold,risk`) of a run; an interrupted refit goes on.

    Args:
        config: of the run; `folds` is how many.
        run: where it lies; the refits work in `folds-K/` below it.
        slices: of each sequence.
        patients: with `split`, `label`, `time`, `event`.
        secondary: of several processes not the first, which writes nothing.
    """
    training = patients[patients["split"] == "train"].sort_index()
    draw = StratifiedKFold(config.folds, shuffle=True, random_state=config.split.seed)
    risks = []
    for fold, (_, held_out) in enumerate(draw.split(training, training["label"].astype(int)), start=1):
        refit = RunFolder(run.path / f"folds-{config.folds}" / str(fold))
        part = refit.path / "risk.csv"
        if not part.exists():
            log.info("fold %d of %d", fold, config.folds)
            ids = training.index[held_out]
            others = patients[patients["split"] != "test"].copy()
            others.loc[ids, "split"] = "test"
            predictions, _ = fit(config, refit, slices, others, logger=False)
            rows = predictions[predictions["split"] == "test"].assign(fold=fold)
            if not secondary:
                write_text(part, rows[["patient_id", "fold", "risk"]].to_csv(index=False))
        if not secondary:
            risks.append(part.read_text())
    if secondary:
        return
    table = pd.concat([pd.read_csv(io.StringIO(text), dtype=str) for text in risks]).sort_values("patient_id")
    write_text(run.out_of_fold, table.to_csv(index=False))
    shutil.rmtree(run.path / f"folds-{config.folds}", ignore_errors=True)
