"""The finished run folders of a cohort, whichever backend wrote them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from npc.config.key import drop_neutral
from npc.errors import InputError
from npc.names import LEAVE_ONE_OUT, METHODS, REGION_MARK, SPLITS
from npc.prognosis.predictions import TYPES, log_losses, read_predictions
from npc.statistics.delong import auc


@dataclass(frozen=True)
class Run:
    """One finished run.

    Attributes:
        path: `runs/<cohort>/<sequence>-<slices>/<run_key>`.
        method: of `npc.names.METHODS`.
        predictions: indexed by `patient_id`; `split`, `label`, `time`, `event`, `risk`.
        auc: of the internal validation cohort.
        loss: log loss of the internal validation cohort; infinite where the risk is no probability.
    """

    path: Path
    method: str
    predictions: pd.DataFrame
    auc: float
    loss: float

    @property
    def variant(self) -> str:
        """`<sequence>-<slices>`."""
        return self.path.parent.name

    @property
    def sequence(self) -> str:
        """The sequences that it reads, as its variant names them: `cet1`, `both`, `cet1+t1`, `cet1@ring5`."""
        return self.variant.rpartition("-")[0]

    @property
    def sees_several_regions(self) -> bool:
        """Whether it reads regions of the outlines side by side."""
        return "+" in self.sequence.partition(REGION_MARK)[2]

    @property
    def slices(self) -> str:
        """`max` or `three`."""
        return self.variant.rpartition("-")[2]

    @property
    def key(self) -> str:
        """The run key."""
        return self.path.name

    @property
    def risk(self) -> pd.Series:
        """Of every patient that it predicted, those without label last.

        Raises:
            InputError: see `unlabelled`.
        """
        lost = self.unlabelled()
        parts = [self.predictions["risk"]] + ([] if lost is None else [lost["risk"]])
        return pd.concat(parts)

    @property
    def out_of_fold(self) -> Path:
        """Risks of the training patients by refits that did not see them; written by `train.py folds=K`."""
        return self.path / "out_of_fold.csv"

    @property
    def out_of_fold_remedy(self) -> str:
        """How its out-of-fold risks are made."""
        if self.method == "deep_learning":
            return f"run: python train.py refit={self.path} folds=5"
        return f"train {self.path} again with force=true"

    def choices(self) -> dict[str, Any]:
        """Those of `config.yaml` that can change the numbers, by dotted key; none where the backend wrote no config."""
        return dict(flat(self.config()))

    def config(self) -> dict[str, Any]:
        """The same by group."""
        try:
            text = (self.path / "config.yaml").read_text(encoding="utf-8")
            choices = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except (OSError, yaml.YAMLError):
            return {}
        if not isinstance(choices, dict):
            return {}
        drop_neutral(choices)
        return choices

    def environment(self) -> dict[str, Any]:
        """Content of `environment.json`; none where the backend wrote none."""
        try:
            found = json.loads((self.path / "environment.json").read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def data(self) -> dict | None:
        """Hashes of split, outcome and images from `environment.json`, where the backend wrote one."""
        return self.environment().get("data")

    def encoder(self) -> dict[str, Any] | None:
        """What `metrics.json` says about the encoder of a frozen-encoder signature: its name, source and licence."""
        try:
            return json.loads((self.path / "metrics.json").read_text()).get("encoder")
        except (OSError, ValueError):
            return None

    def outlines(self) -> pd.DataFrame | None:
        """The size of each outline from `outlines.csv`, where the run has one: `volume` (mL) and `area` (cm²).

        A sequence that a patient lacks (`cohort.missing=mask`) has the geometric mean of those that the patient has,
        which outline the same tumour. A region that a patient lacks has the size 0.

        Returns:
            indexed by `patient_id`; columns by measure, then sequence, and of several regions then region.

        Raises:
            InputError: it can't be read, or lacks a patient of the run.
        """
        path = self.path / "outlines.csv"
        if not path.exists():
            return None
        try:
            table = pd.read_csv(path, dtype={"patient_id": str, "sequence": str}, float_precision="round_trip")
            if table[["volume", "area"]].isna().any(axis=None):
                raise ValueError("an empty cell")
            if "region" not in table and self.sees_several_regions:
                return None  # an earlier version measured the first region alone
            of_regions = ["sequence", "region"] if "region" in table else ["sequence"]
            sizes = table.pivot(index="patient_id", columns=of_regions, values=["volume", "area"])
            sizes = sizes.loc[self.predictions.index].astype(float)
            for measure in ("volume", "area") if "region" not in table else ():
                of = sizes[measure]
                mean = np.exp(np.log(of[of > 0]).mean(axis=1))
                sizes[measure] = of.apply(lambda column, mean=mean: column.fillna(mean))
        except (OSError, ValueError, KeyError) as error:
            raise InputError(
                f"{path} can't be read as sizes of outlines of the run's patients ({error}); run it again with "
                "force=true"
            ) from None
        whole = sizes.T.groupby(level=[0, 1]).sum(min_count=1).T  # over the regions
        if not ((sizes >= 0).all(axis=None) and ((whole > 0) & np.isfinite(whole)).all(axis=None)):
            raise InputError(f"{path}: a size is not a positive number; run it again with force=true")
        return sizes

    def read_out_of_fold(self) -> pd.DataFrame:
        """The out-of-fold `risk` of each training patient, and the `fold` (0 where the backend wrote none).

        Raises:
            InputError: `out_of_fold.csv` is not of the training patients.
        """
        try:
            table = pd.read_csv(
                self.out_of_fold, dtype={"patient_id": str, "risk": float}, float_precision="round_trip"
            )
            risk = table.set_index("patient_id")["risk"]
            fold = table.get("fold", pd.Series(0, table.index))
        except (ValueError, KeyError, OSError) as error:
            raise InputError(
                f"{self.out_of_fold} can't be read ({error}); delete it and {self.out_of_fold_remedy}"
            ) from None
        training = self.predictions.index[self.predictions["split"] == "train"]
        if set(risk.index) != set(training) or risk.index.has_duplicates or not np.isfinite(risk).all():
            raise InputError(
                f"{self.out_of_fold}: not the {len(training)} training patients with a finite risk each; delete it and "
                f"{self.out_of_fold_remedy}"
            )
        return pd.DataFrame({"risk": risk, "fold": fold.to_numpy()})

    def unlabelled(self) -> pd.DataFrame | None:
        """`split`, `time`, `event` and `risk` of patients censored before a landmark, where the run predicted them.

        Returns:
            indexed by `patient_id`.

        Raises:
            InputError: `unlabelled.csv` can't be read, or is not of such patients.
        """
        path = self.path / "unlabelled.csv"
        if not path.exists():
            return None
        types: Any = {column: kind for column, kind in TYPES.items() if column != "label"}
        try:
            table = pd.read_csv(path, dtype=types, float_precision="round_trip")[list(types)].set_index("patient_id")
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} can't be read ({error}); run it again with force=true") from None
        sound = np.isfinite(table[["time", "risk"]]).all(axis=None) and set(table["split"]) <= set(SPLITS)
        labelled = table.index.isin(self.predictions.index).any()
        if not sound or labelled or table["event"].any() or table.index.has_duplicates:
            raise InputError(
                f"{path}: not patients without event and label, each once, with a split and a finite risk; run it "
                "again with force=true"
            )
        return table

    def exclusions(self) -> dict[str, str]:
        """Reason by patient from `exclusions.csv`, where the backend wrote one."""
        try:
            table = pd.read_csv(self.path / "exclusions.csv", dtype=str)
            return dict(zip(table["patient_id"], table["reason"], strict=True))
        except (OSError, ValueError, KeyError):
            return {}


def finished_runs(root: Path, cohort: str, leave_one_out: bool = False) -> tuple[list[Run], list[Path]]:
    """Every finished run of a cohort, and the folders that are not finished (no `DONE`).

    Args:
        root: `runs`.
        cohort: its name.
        leave_one_out: whether those of `split=leave_one_centre_out` are asked for; they have a report of their
            own, since each has other test patients.

    Raises:
        InputError: there is none, or faults of their predictions, of all runs at once.
    """
    home = root / cohort
    folders = sorted(path for path in home.glob("*-*/*") if path.is_dir() and not path.name.startswith("."))
    folders = [path for path in folders if _leaves_one_out(path) == leave_one_out]
    unfinished = [path for path in folders if not (path / "DONE").exists()]
    runs: list[Run] = []
    faults: list[str] = []
    for path in folders:
        if path not in unfinished:
            try:
                runs.append(read_run(path))
            except InputError as error:
                faults += error.faults
    if faults:
        raise InputError(faults, f"{home}: {len(faults)} faults in the predictions")
    if not runs:
        half = f" ({len(unfinished)} unfinished)" if unfinished else ""
        more = f" split={LEAVE_ONE_OUT}" if leave_one_out else ""
        raise InputError(
            f"{home}: there is no finished run{more and ' of' + more}{half}; train one: python train.py "
            f"cohort.name={cohort}{more} ..."
        )
    return runs, unfinished


def _leaves_one_out(path: Path) -> bool:
    try:
        return bool(
            re.search(rf"^  by: *{LEAVE_ONE_OUT}$", (path / "config.yaml").read_text(encoding="utf-8"), re.MULTILINE)
        )
    except OSError:
        return False


def read_run(path: Path) -> Run:
    """A finished run.

    Raises:
        InputError: its predictions, of all kinds of faults at once; or a training or validation cohort of one class.
    """
    predictions = read_predictions(path / "predictions.csv")
    config = path / "config.yaml"
    named = re.search(r"^method: *(\w+)", config.read_text(encoding="utf-8"), re.MULTILINE) if config.exists() else None
    method = named[1] if named else "deep_learning"
    if method not in METHODS:
        raise InputError(f"{config}: method is {method}; it is one of {', '.join(METHODS)}")
    by_split = {split: predictions[predictions["split"] == split] for split in ("train", "validation")}
    faults = [
        f"{path}: the {cohort} cohort has {'one class only' if len(by_split[split]) else 'no patients'}, so {why}"
        for split, cohort, why in (
            ("train", "training", "no threshold can be chosen on it; train the run again with another split"),
            ("validation", "internal validation", "no run can be chosen by it; train the run again with another split"),
        )
        if by_split[split]["label"].nunique() < 2
    ]
    if faults:
        raise InputError(faults)
    label, risk = (by_split["validation"][column].to_numpy() for column in ("label", "risk"))
    return Run(path, method, predictions, auc(label, risk), float(log_losses(label, risk).mean()))


def flat(choices: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each choice of a config by its dotted key."""
    for key, value in choices.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
