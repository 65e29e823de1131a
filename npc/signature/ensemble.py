"""The mean of several networks: `train.py method=ensemble`.

The training cohort is parted into folds; for each fold (and seed) one network learns from the other folds. It stops
early by an inner share of these patients, or keeps its last epoch, so neither the internal validation cohort nor the
patients whose out-of-fold risk it gives take part in any of its choices. The risk of a patient is the mean over the
networks that did not learn from this patient: all of them for the test cohort, those of its own fold for a training
patient.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import pandas as pd
import torch
from omegaconf import DictConfig, OmegaConf
from sklearn.model_selection import StratifiedKFold, train_test_split

from npc.errors import InputError
from npc.files import write_text
from npc.imaging.store import Slices
from npc.run.folder import RunFolder
from npc.run.method import UNLABELLED
from npc.signature.checkpoints import is_whole
from npc.signature.fit import TrainedNetwork, fit, log


@dataclass(frozen=True)
class Member:
    """One network of an ensemble.

    Attributes:
        seed: of its first weights, order and augmentation.
        fold: which it does not learn from; the first is 1.
        patients: of the run; `split` is this network's: it learns from `train`, is measured on `validation` after each
            epoch, and only predicts `test` and `unlabelled`.
        seen: whose outcomes had a part in its weights or in the choice of its epoch.
        home: its folder.
    """

    seed: int
    fold: int
    held_out: pd.Index
    patients: pd.DataFrame
    seen: pd.Index
    home: Path

    @property
    def unseen(self) -> pd.Index:
        """The patients whose risk it gives."""
        return self.patients.index.difference(self.seen, sort=False)

    @property
    def risk(self) -> Path:
        """The risks of all patients that it did not learn from; written last."""
        return self.home / "risk.csv"

    @property
    def network(self) -> Path:
        """Its checkpoint, with `offset`, which is subtracted from its output."""
        return self.home / "network.ckpt"


@dataclass(frozen=True)
class TrainedEnsemble:
    """Fulfils `npc.run.method.Fitted`.

    Attributes:
        predictions: the rows of `predictions.csv`; the risks of patients from whom networks learned are out of fold.
        out_of_fold: the rows of `out_of_fold.csv`.
        members: that predict.
    """

    predictions: pd.DataFrame
    out_of_fold: pd.DataFrame
    members: Sequence[Member]

    @property
    def metrics(self) -> dict[str, Any]:
        """For `metrics.json`."""
        return {"members": len(self.members)}

    def save(self, path: Path) -> None:
        """Writes the checkpoints of all members, in order, as `members` of one file."""
        states = [torch.load(member.network, map_location="cpu", weights_only=True) for member in self.members]
        torch.save({"members": states}, path)


def members(config: DictConfig, run: RunFolder, patients: pd.DataFrame) -> Iterator[Member]:
    """The members of a run's ensemble, seed by seed.

    Args:
        config: of the run; `ensemble`, `seed` and `split.seed` are used.
        run: its folder.
        patients: with `split` and `label`.
    """
    settings, split = config.ensemble, patients["split"]
    learning = patients[
        split.isin(["train", "validation"] if settings.validation == "join" else ["train"])
    ].sort_index()
    label = learning["label"].astype(int)
    folds = StratifiedKFold(settings.folds, shuffle=True, random_state=config.split.seed)
    draws = list(folds.split(learning, label))  # the same for all seeds, so that a patient is in one fold
    for seed in settings.seeds or [config.seed]:
        for fold, (others, held_out) in enumerate(draws, start=1):
            draw = int(np.random.SeedSequence([config.split.seed, seed, fold]).generate_state(1)[0])
            own, measured, seen = learning.index[others], learning.index[held_out], learning.index[others]
            if settings.inner:
                own, measured = train_test_split(
                    own, test_size=settings.inner, stratify=label.iloc[others], random_state=draw
                )
            of_member = patients.assign(split=split.where(split == UNLABELLED, "test"))
            of_member.loc[own, "split"], of_member.loc[measured, "split"] = "train", "validation"
            home = run.checkpoints / "members" / f"{seed}-{fold}"
            yield Member(seed, fold, learning.index[held_out], of_member, seen, home)


def train_members(
    config: DictConfig, run: RunFolder, slices: Sequence[Slices], patients: pd.DataFrame
) -> Iterator[tuple[Member, TrainedNetwork]]:
    """Trains the members that are not finished; writes nothing but the checkpoints of the training.

    Args:
        config: of the run.
        run: its folder; an interrupted member resumes from its newest checkpoint.
        slices: of each sequence.
        patients: with `split`, `label`, `time`, `event`.
    """
    asked = list(members(config, run, patients))
    for number, member in enumerate(asked, start=1):
        if member.risk.exists() and is_whole(member.network):
            continue
        log.info("network %d of %d (seed %d, without fold %d)", number, len(asked), member.seed, member.fold)
        settings = OmegaConf.merge(config, {"seed": member.seed})
        assert isinstance(settings, DictConfig)
        yield member, fit(settings, RunFolder(member.home), slices, member.patients, logger=False)


def keep(member: Member, trained: TrainedNetwork, kind: str) -> None:
    """Writes the checkpoint of a member, then the risks of the patients that it did not learn from.

    A network of the Cox likelihood gives log hazards with an arbitrary constant: adding to all of them changes nothing.
    Before they are averaged and compared with those of other networks, their mean over the member's own training
    patients is therefore subtracted.

    Args:
        member: that was trained.
        trained: its network.
        kind: of the endpoint.
    """
    by_split = trained.predictions.groupby("split")["risk"]
    offset = float(by_split.mean()["train"]) if kind == "cox" else 0.0
    state = torch.load(trained.checkpoint, map_location="cpu", weights_only=True)
    part = member.network.with_suffix(".part")
    torch.save(state | {"offset": offset}, part)
    part.replace(member.network)
    unseen = trained.predictions.loc[trained.predictions["patient_id"].isin(member.unseen), ["patient_id", "risk"]]
    write_text(member.risk, unseen.assign(risk=unseen["risk"] - offset).to_csv(index=False))
    rmtree(RunFolder(member.home).checkpoints, ignore_errors=True)  # those of many members would fill the disk


def fit_ensemble(
    config: DictConfig, run: RunFolder, slices: Sequence[Slices], patients: pd.DataFrame
) -> TrainedEnsemble:
    """Trains all members and averages their risks; writes `out_of_fold.csv`.

    Args:
        config: of the run.
        run: its folder.
        slices: of each sequence.
        patients: with `split`, `label`, `time`, `event`.

    Raises:
        InputError: training diverged; a member that was trained earlier has other patients.
    """
    for member, network in train_members(config, run, slices, patients):
        keep(member, network, config.endpoint.kind)
    trained = list(members(config, run, patients))
    risk = _mean(trained, patients)
    fold = pd.concat(pd.Series(member.fold, member.held_out) for member in trained[: config.ensemble.folds])
    training = patients.index[patients["split"] == "train"].sort_values()
    out_of_fold = pd.DataFrame({"fold": fold[training], "risk": risk[training]})
    write_text(run.out_of_fold, out_of_fold.to_csv(index_label="patient_id"))
    predictions = patients[["split", "label", "time", "event"]].join(risk).reset_index(names="patient_id")
    return TrainedEnsemble(predictions, out_of_fold, trained)


def _mean(trained: Sequence[Member], patients: pd.DataFrame) -> pd.Series:
    """Mean risk of each patient over the members that did not learn from the patient."""
    tables = []
    for member in trained:
        unseen = member.unseen
        try:
            table = pd.read_csv(member.risk, dtype={"patient_id": str}, float_precision="round_trip")
            risks = table.set_index("patient_id")["risk"].loc[unseen].astype(float)
            whole = len(table) == len(unseen) and bool(np.isfinite(risks).all())
        except (OSError, ValueError, KeyError):
            whole = False
        if not whole:
            raise InputError(
                f"{member.risk}: not the finite risks of the ensemble's {len(unseen)} patients; delete {member.home} "
                "and run again"
            )
        tables.append(risks)
    return average(tables)[patients.index]


def average(risks: Sequence[pd.Series]) -> pd.Series:
    """The mean risk of each patient over the members that give one."""
    return pd.concat(risks, axis=1).mean(axis=1).rename("risk")
