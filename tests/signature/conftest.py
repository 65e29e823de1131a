"""One small phantom and one slice store for all tests of training; a run of seconds on them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from omegaconf import DictConfig

from npc.config.checks import check
from npc.config.key import run_folder
from npc.config.loading import compose
from npc.imaging.store import Slices
from npc.run.folder import RunFolder
from npc.run.train import train


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
        choices = compose(
            [
                *(["experiment=tiny"] if phantom else []),
                f"runs={runs}",
                f"store={self.store}",
                f"cohort.root={self.phantom}",
                "split.validation=0.25",
                "trainer.accelerator=cpu",
                *overrides,
            ]
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


@pytest.fixture(scope="session")
def shared(home: Path) -> Shared:
    return Shared(home / "phantoms", home / "store")


@pytest.fixture(scope="session")
def default_config(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> DictConfig:
    """The choices of `default_run`."""
    return shared.compose(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def default_run(default_config: DictConfig) -> FinishedRun:
    """A finished run of the tiny experiment that tests only read."""
    train(default_config)
    return FinishedRun(run_folder(default_config))


@pytest.fixture
def tiny(shared: Shared, tmp_path: Path) -> Callable[..., DictConfig]:
    """Composes the tiny experiment with overrides; runs go to the test's own folder."""
    return lambda *overrides: shared.compose(tmp_path / "runs", *overrides)


@pytest.fixture
def trained(tiny: Callable[..., DictConfig]) -> Callable[..., FinishedRun]:
    """Trains the tiny experiment with overrides and gives the run's folder."""

    def run(*overrides: str) -> FinishedRun:
        choices = tiny(*overrides)
        train(choices)
        return FinishedRun(run_folder(choices))

    return run


@pytest.fixture
def stored() -> Callable[..., list[Slices]]:
    """Makes stores of arrays (patient, 3, size, size), one a sequence, whose patients are p0, p1, ..."""

    def store(*arrays: np.ndarray) -> list[Slices]:
        rows = {f"p{number}": number for number in range(len(arrays[0]))}
        return [Slices(array, rows, "") for array in arrays]

    return store


@pytest.fixture
def images() -> Callable[..., np.ndarray]:
    """Draws slices with a textured square of all grey levels on a zero background, uint8 (patient, 3, size, size)."""

    def draw(patients: int, size: int = 32, seed: int = 0) -> np.ndarray:
        array: np.ndarray = np.zeros((patients, 3, size, size), np.uint8)
        inside = slice(size // 4, size - size // 4)
        tumour: Any = array[..., inside, inside]
        tumour[:] = np.random.default_rng(seed).integers(20, 256, tumour.shape)
        return array

    return draw
