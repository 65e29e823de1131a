"""Tiny real runs on a phantom and on altered copies of it, all below one temporary folder."""

import io
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from joblib import parallel_config
from omegaconf import DictConfig, OmegaConf

from npc.config.checks import check
from npc.config.key import run_folder
from npc.config.loading import compose
from npc.phantom import source as phantom
from npc.prognosis.runs import Run, read_run

PHANTOM = {"seed": 0, "n": 80, "external": 30, "matrix": 32, "readers": 0}
COHORT = "proof"  # its name in run folders
# The methods whose runs take seconds; a network of one epoch has no epoch to choose.
METHODS = {
    "deep_learning": ("method=deep_learning", "trainer.max_epochs=1"),
    "radiomic": ("method=radiomic",),
    "frozen": ("method=frozen",),
}
# a network that takes means and SDs from the training cohort before its first update
STANDARDISED = (*METHODS["deep_learning"], "network.backbone=filters", "network.size_input=true", "slices=all")
_WORDS = (
    "cohort=table", f"cohort.name={COHORT}", "cohort.size=32", "split.validation=0.3", "network=tiny",
    "optimizer.lr=0.01", "trainer=cpu", "encoder=texture", "encoder.folds=2", "encoder.nested=2",
    "radiomics.features.filters=[original]", "radiomics.features.classes=[shape,firstorder]", "radiomics.bootstrap=0",
    "radiomics.nested=2", "radiomics.selection.folds=3",
    "split.stratify=false",  # a stratified draw depends on outcomes: other ones would give another split
)  # fmt: skip


class TinyRuns:
    """Makes cohorts and runs.

    Args:
        home: an empty folder.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._base = compose(_WORDS)
        with _quiet():
            phantom.write(self.cohort("original"), **PHANTOM)
        table = self._table("original").drop(columns=["os_months", "os_event"], errors="ignore")
        self._write("original", table)

    def cohort(self, name: str) -> Path:
        """The folder of a cohort."""
        return self.home / "cohorts" / name

    def runs(self, name: str) -> Path:
        """The run folders of a cohort."""
        return self.home / "runs" / name

    def alter(self, name: str, patients: Collection[str]) -> None:
        """Copies the original cohort and makes others of some patients.

        Each takes the images, outlines, follow-up and clinical variables of another of them; events become
        non-events, and the other way round.

        Args:
            name: of the copy.
            patients: of whom there are two or more.
        """
        shutil.copytree(self.cohort("original"), self.cohort(name), copy_function=os.link)
        (self.cohort(name) / "patients.csv").unlink()  # the link, not the original's table
        table = self._table("original")
        who = table.index[table.index.isin(list(patients))]
        columns = [column for column in table if column != "centre"]
        table.loc[who, columns] = table.loc[np.roll(who, 1), columns].to_numpy()
        table.loc[who, "dm_event"] = (1 - table.loc[who, "dm_event"].astype(int)).astype(str)
        self._write(name, table)

    def train(self, name: str, *words: str) -> Run:
        """A finished run on a cohort.

        Args:
            name: of the cohort.
            words: choices of `train.py`, values only.
        """
        own = [f"cohort.root={self.cohort(name)}", f"runs={self.runs(name)}", f"store={self.home / 'store'}"]
        config = cast(DictConfig, OmegaConf.merge(self._base, OmegaConf.from_dotlist([*own, *words])))
        check(config)
        from npc.run.train import train

        with _quiet():
            train(config)
        return read_run(run_folder(config))

    def _table(self, name: str) -> pd.DataFrame:
        table = pd.read_csv(self.cohort(name) / "patients.csv", dtype=str, keep_default_na=False)
        return table.set_index("patient_id")

    def _write(self, name: str, table: pd.DataFrame) -> None:
        table.reset_index().to_csv(self.cohort(name) / "patients.csv", index=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Metrics and progress of the runs are not the proof's; processes of their own take longer than tiny runs."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), parallel_config(backend="sequential"):
        yield
