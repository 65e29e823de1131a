"""The run folder: all files of a run, which the later steps read."""

import json
import logging
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf

from npc import __version__
from npc.cohort.split import write_splits
from npc.errors import InputError
from npc.files import make_folder, write_text

PACKAGES = (
    "torch", "torchvision", "pytorch-lightning", "monai", "numpy", "pandas", "opencv-python", "SimpleITK",
    "scikit-learn", "hydra-core",
)  # fmt: skip
PREDICTION_COLUMNS = ["patient_id", "split", "label", "time", "event", "risk"]


class BusyError(InputError):
    """Another process is working on this run."""


class RunFolder:
    """The files of a run.

    Args:
        path: `runs/<cohort>/<sequence>-<slices>/<run_key>`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model = path / "model.ckpt"
        self.out_of_fold = path / "out_of_fold.csv"
        self.survival = path / "survival.csv"
        self.controls = path / "controls"
        self.checkpoints = path / "checkpoints"
        self.last = self.checkpoints / "last.ckpt"
        self.best = self.checkpoints / "best.ckpt"
        self._lock = path.with_name(f".{path.name}.lock")

    @property
    def done(self) -> bool:
        """Whether the run is complete."""
        return (self.path / "DONE").exists()

    @property
    def metrics(self) -> dict[str, Any]:
        """Content of `metrics.json` of a complete run."""
        return json.loads((self.path / "metrics.json").read_text())

    @property
    def cohort_root(self) -> str:
        """The folder of the cohort that a complete run was made from."""
        text = (self.path / "config.yaml").read_text(encoding="utf-8")
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["cohort"]["root"]

    def data(self) -> dict[str, Any] | None:
        """Hashes of the run's input; None for a new folder."""
        return self._environment().get("data")

    @property
    def checked_table(self) -> str | None:
        """Hash of the table that the run is made from, which kept all rules; None where it is not known."""
        return self._environment().get("checked_table")

    def _environment(self) -> dict[str, Any]:
        """Content of `environment.json`; empty where it is absent or damaged, as if the run were of other data."""
        try:
            found = json.loads((self.path / "environment.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def check_same_data(self, data: Mapping[str, Any]) -> None:
        """Checks that a complete run was made from these patients, outcomes and images.

        Raises:
            InputError: it was made from other data.
        """
        if self.data() != dict(data):
            raise InputError(
                f"{self.path}: was made from other patients, outcomes or images under the same name; "
                "give this cohort another name (cohort.name=...), or replace the run with force=true"
            )

    def begin(
        self, config: DictConfig, data: Mapping[str, Any], split: pd.Series, exclusions: pd.DataFrame, checked: str
    ) -> None:
        """Writes what the run is made from; deletes checkpoints of other data, or of a run that is repeated.

        `checked` is that of the cohort (`npc.cohort.cohort.Cohort`).
        """
        if self.done or self.data() != dict(data):
            (self.path / "DONE").unlink(missing_ok=True)  # first: a kill must not leave DONE in an incomplete run
            shutil.rmtree(self.path, ignore_errors=True)
        write_text(self.path / "config.yaml", OmegaConf.to_yaml(config, resolve=True))
        write_splits(split, self.path / "splits.csv")
        write_text(self.path / "exclusions.csv", exclusions.to_csv(index=False))
        write_json(self.path / "environment.json", {"data": dict(data), "checked_table": checked, **environment()})

    def write_outlines(self, sizes: pd.DataFrame) -> None:
        """Writes the size of each outline, with which a report compares the signature."""
        write_text(self.path / "outlines.csv", sizes.to_csv(index=False))

    def write_unlabelled(self, risks: pd.DataFrame) -> None:
        """Writes the risks of patients without label, indexed by `patient_id`; no file where there are none."""
        (self.path / "unlabelled.csv").unlink(missing_ok=True)  # of an interrupted attempt
        if len(risks):
            columns = [column for column in PREDICTION_COLUMNS if column not in ("patient_id", "label")]
            write_text(self.path / "unlabelled.csv", risks[columns].to_csv(index_label="patient_id"))

    @contextmanager
    def logging(self) -> Iterator[None]:
        """Within the block, npc's log goes to the terminal and is appended to `train.log`."""
        root = logging.getLogger("npc")
        root.setLevel(logging.INFO)
        file = logging.FileHandler(self.path / "train.log")
        file.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        terminal = logging.StreamHandler()
        root.addHandler(file)
        root.addHandler(terminal)
        try:
            yield
        finally:
            root.removeHandler(terminal)
            root.removeHandler(file)
            file.close()

    def write_results(
        self, predictions: pd.DataFrame, metrics: Mapping[str, Any], save: Callable[[Path], object]
    ) -> None:
        """Writes predictions, metrics and the model; `save` writes the model to the path that it receives."""
        write_text(self.path / "predictions.csv", predictions[PREDICTION_COLUMNS].to_csv(index=False))
        write_json(self.path / "metrics.json", metrics)
        part = self.model.with_suffix(".part")
        save(part)
        part.replace(self.model)

    def finish(self) -> None:
        """Writes DONE last of all; then deletes what only an unfinished run needs."""
        write_text(self.path / "DONE", "")
        self.clear_leftovers()

    def clear_leftovers(self) -> None:
        """Deletes the checkpoints of a complete run, and parts of files that a kill has left."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        for leftover in [*self.path.glob(".*.tmp"), *self.path.glob("*.part")]:
            leftover.unlink(missing_ok=True)

    def is_locked(self) -> bool:
        """Whether a living process is working on this run; the system releases the lock of a dead one."""
        if not self._lock.exists():
            return False
        try:
            with FileLock(self._lock, timeout=0):
                return False
        except Timeout:
            return True

    @contextmanager
    def lock(self) -> Iterator[None]:
        """A lock that only the process working on this run holds.

        Raises:
            BusyError: another process holds the lock.
        """
        make_folder(self.path.parent)
        try:
            with FileLock(self._lock, timeout=0.2):  # `is_locked` of another process may hold it for a moment
                yield
        except Timeout:
            raise BusyError(f"{self.path}: another process is working on this run; wait for it or stop it") from None


def environment() -> dict[str, Any]:
    """Versions of npc, Python and packages, and the commit."""
    return {
        "npc": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version(name) for name in PACKAGES},
        "git_commit": _git("rev-parse", "HEAD"),
        "git_dirty": None if (changes := _git("status", "--porcelain")) is None else bool(changes),
    }


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON, indented, with sorted keys."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True) + "\n")


def _git(*arguments: str) -> str | None:
    """Output of a git command on the checkout that contains npc; None where there is no checkout."""
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
