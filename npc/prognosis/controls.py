"""Negative controls: whether a signature knows more than a ruler, the volume and the largest area of the tumour.

Published signatures were volume under another name (Welch et al., Radiother Oncol 2019;130:2-9). docs/controls.md says
how the rule of the verdict was chosen, and gives its error rates and its power in simulations.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from npc.prognosis.estimable import estimated, readable
from npc.prognosis.runs import Run
from npc.statistics import NotEstimable
from npc.statistics.added_value import AddedValue, ExplainedError, added_value, scores_within
from npc.statistics.delong import Comparison, delong
from npc.statistics.partial_correlation import partial_correlation

MEASURES = ("volume", "area")
MORE, NO_MORE, UNKNOWN = "more than volume", "no more than volume", "can't be told"
SIGNIFICANCE = 0.05
SMALL = 1.5  # hazard ratio of one standard deviation of what volume does not explain


@dataclass(frozen=True)
class Against:
    """A model against a control in a cohort.

    Attributes:
        auc: of the control; a larger tumour has the higher risk.
        test: paired DeLong test, model minus control.
    """

    auc: float | NotEstimable
    test: Comparison | NotEstimable


@dataclass(frozen=True)
class Controls:
    """A signature beside the size of the tumour: the sum of its regions, the geometric mean over several sequences.

    Attributes:
        volume: the signature against the volume, by split.
        area: the same against the largest area of a slice.
        held_out: the splits whose patients the signature was not fitted on and not chosen by.
        added: the signature added to the volumes in a Cox model of these patients, stratified by split and fold.
        correlation: Spearman's of risk and volume in these patients, given label, split and fold.
        events: of these patients.
    """

    volume: Mapping[str, Against]
    area: Mapping[str, Against]
    held_out: tuple[str, ...]
    added: AddedValue | NotEstimable
    correlation: float | NotEstimable
    events: int

    @property
    def verdict(self) -> str:
        """By a rule that is the same for all signatures.

        No more than volume: the signature follows from the volume. More than volume: the likelihood-ratio test has P
        below `SIGNIFICANCE`, and a higher risk is worse. Otherwise no more than volume, if the upper 95% limit of the
        hazard ratio of one standard deviation of what the volume does not explain of the signature is below `SMALL`.
        """
        if isinstance(self.added, ExplainedError):
            return NO_MORE
        if isinstance(self.added, NotEstimable):
            return UNKNOWN
        if self.added.test.p < SIGNIFICANCE and self.added.hazard_ratio > 1:
            return MORE
        return NO_MORE if self.added.ci[1] < SMALL else UNKNOWN

    def sentence(self) -> str:
        """The verdict with the number of events on which it rests."""
        return self.verdict if self.verdict != UNKNOWN else f"{UNKNOWN} with {self.events} events"


def controls(patients: pd.DataFrame, run: Run) -> Controls | NotEstimable:
    """A signature beside the size of the tumour.

    Args:
        patients: `split`, `label`, `time` in months and `event`, indexed by `patient_id`.
        run: of the signature; its training patients count as held out where it has their out-of-fold risks.

    Returns:
        a reason instead, where the run has no sizes of the outlines, or a file of it can't be read.
    """
    sizes = readable(run.outlines)
    if sizes is None:
        return NotEstimable(
            f"the run has no sizes of the outlines (no {run.path / 'outlines.csv'}); npc writes them with each new "
            f"run, and for this one by: python train.py refit={run.path} controls=true"
        )
    folds = readable(run.read_out_of_fold) if run.out_of_fold.exists() else None
    if isinstance(sizes, NotEstimable):
        return sizes
    if isinstance(folds, NotEstimable):
        return folds
    sizes = sizes.loc[patients.index]
    risk, strata = run.predictions["risk"].loc[patients.index].copy(), patients["split"].astype(str)
    if folds is not None:  # each fold is a stratum: its network has a scale of its own
        risk.update(folds["risk"])
        strata.update("fold " + folds["fold"].astype(str))
    held_out = tuple(
        split for split in ("train", "test")
        if (patients["split"] == split).any() and (split == "test" or folds is not None)
    )  # fmt: skip
    chosen = patients["split"].isin(held_out)
    volumes, held = by_sequence(sizes, "volume").loc[chosen], (patients[chosen], risk[chosen])
    return Controls(
        **{measure: against(patients, risk, mean_size(sizes, measure)) for measure in MEASURES},
        held_out=held_out,
        added=estimated(_added, *held, _with_least(sizes.loc[chosen, "volume"]), strata[chosen]),
        correlation=estimated(_correlation, *held, volumes, strata[chosen]),
        events=int(patients.loc[chosen, "event"].sum()),
    )


def against(patients: pd.DataFrame, risk: pd.Series, control: pd.Series) -> dict[str, Against]:
    """A risk against a control in each cohort.

    Args:
        patients: `split` and `label`.
        risk: of all patients.
        control: of all patients; higher is worse.
    """
    return {str(split): _against(rows["label"], risk[rows.index], control[rows.index])
            for split, rows in patients.groupby("split")}  # fmt: skip


def mean_size(sizes: pd.DataFrame, measure: str) -> pd.Series:
    """The geometric mean over the sequences.

    Args:
        sizes: of `Run.outlines`.
        measure: of `MEASURES`.
    """
    return np.exp(np.log(by_sequence(sizes, measure)).mean(axis=1))


def by_sequence(sizes: pd.DataFrame, measure: str) -> pd.DataFrame:
    """A column for each sequence; of several regions the sum of their sizes.

    Args: as for `mean_size`.
    """
    of = pd.DataFrame(sizes[measure])
    return of if of.columns.nlevels == 1 else of.T.groupby(level=0).sum().T


def _with_least(volumes: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """The volumes with half of the least one of a region in place of its 0, where a patient lacks the region."""
    table = pd.DataFrame(volumes)
    return table.mask(table == 0, table[table > 0].min() / 2, axis=1)


def _against(label: pd.Series, risk: pd.Series, control: pd.Series) -> Against:
    found = estimated(delong, label, pd.concat([risk, control], axis=1))
    if isinstance(found, NotEstimable):
        return Against(found, found)
    return Against(float(found.auc[1]), estimated(found.compare, 0, 1))


def _added(patients: pd.DataFrame, risk: pd.Series, volumes: pd.DataFrame, strata: pd.Series) -> AddedValue:
    """The ruler explains every monotone function of the volume: log volume, its normal scores and their squares."""
    if patients.empty:
        raise NotEstimable("no patient is held out: there is no test cohort, and there are no out-of-fold risks")
    scores = np.column_stack([scores_within(volumes[sequence], strata) for sequence in volumes])
    ruler = np.hstack([np.log(volumes), scores, scores**2])
    return added_value(patients["time"], patients["event"], risk, ruler, strata)


def _correlation(patients: pd.DataFrame, risk: pd.Series, volumes: pd.DataFrame, strata: pd.Series) -> float:
    if patients.empty:
        raise NotEstimable("no patient is held out")
    scores = scores_within(np.log(volumes).mean(axis=1), strata)
    given = pd.get_dummies(strata, drop_first=True).assign(label=patients["label"])
    return partial_correlation(scores_within(risk, strata), scores, given.astype(float))
