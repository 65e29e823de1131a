"""A run of seconds on one small phantom and one slice store, and what the tests read in its folder."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from omegaconf import DictConfig

from npc.config.checks import check
from npc.run.folder import RunFolder
from tests.config.composed import quickly

FILES = {
    "config.yaml", "predictions.csv", "metrics.json", "model.ckpt", "train.log", "environment.json", "DONE",
    "splits.csv", "exclusions.csv", "outlines.csv",
}  # fmt: skip


@dataclass(frozen=True)
class Shared:
    """The folders that all tests share and none changes: the phantom and the store of its slices."""

    phantom: Path
    store: Path

    @property
    def table(self) -> Path:
        """The phantom of the tiny experiment as a cohort folder, once a run has built it."""
        return next(folder for folder in self.phantom.glob("*-n60-*-matrix32-*") if folder.is_dir())

    def compose(self, runs: Path, *overrides: str) -> DictConfig:
        """Checked choices of a run of seconds, with 36, 12 and 12 patients; overrides are applied last."""
        phantom = not any(override.startswith("cohort=") for override in overrides)
        choices = quickly(
            *(["experiment=tiny"] if phantom else []),
            f"runs={runs}",
            f"store={self.store}",
            f"cohort.root={self.phantom}",
            "split.validation=0.25",
            "split.stratify=false",  # tests change outcomes, on which a stratified draw depends
            "trainer.accelerator=cpu",
            *overrides,
        )
        check(choices)
        return choices


class FinishedRun(RunFolder):
    """A run folder and what the tests read in it."""

    @property
    def predictions(self) -> pd.DataFrame:
        """`predictions.csv`, its numbers as written."""
        table = pd.read_csv(self.path / "predictions.csv", dtype={"patient_id": str}, float_precision="round_trip")
        return table.set_index("patient_id")

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        """The state dict of `model.ckpt`."""
        return torch.load(self.model, weights_only=True)["state_dict"]

    @property
    def epochs(self) -> pd.DataFrame:
        """The metrics of each epoch, of the first attempt."""
        steps = pd.read_csv(self.path / "csv" / "version_0" / "metrics.csv", float_precision="round_trip")
        return steps.groupby("epoch").first()
