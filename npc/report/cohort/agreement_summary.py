"""Readers' agreement by sequence and pair of readers: overlap of outlines, and features that are reproducible."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

MEASURES = ("dice", "hd95_mm", "area_difference_mm2", "area_difference")


@dataclass(frozen=True)
class Spread:
    """Values of all patients, in the unit of the measure.

    Attributes:
        median: of the values.
        q1: first quartile.
        q3: third quartile.
        min: the lowest.
        max: the highest.
    """

    median: float
    q1: float
    q3: float
    min: float
    max: float


@dataclass(frozen=True)
class Interval:
    """An ICC.

    Attributes:
        value: the estimate.
        low: of the 95% interval.
        high: the same.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Feature:
    """A feature that can be estimated.

    Attributes:
        icc21: absolute agreement, by which it is judged.
        icc31: consistency.
        above: whether ICC(2,1) is above the threshold.
    """

    icc21: Interval
    icc31: Interval
    above: bool


@dataclass(frozen=True)
class Comparison:
    """One sequence, the first reader's outlines against those of another reading.

    Attributes:
        patients: outlined by both.
        spreads: of the patients, by measure (`MEASURES`).
        same_slice: patients whose largest slice is the same in both.
        features: that can be estimated, by name.
        not_estimable: why the others can't be, by name.
    """

    patients: int
    spreads: Mapping[str, Spread]
    same_slice: int
    features: Mapping[str, Feature]
    not_estimable: Mapping[str, str]

    @property
    def below(self) -> list[str]:
        """Features that are not above the threshold."""
        return [name for name, feature in self.features.items() if not feature.above]

    @property
    def above(self) -> int:
        """Number of features above the threshold."""
        return len(self.features) - len(self.below)

    @property
    def share_above(self) -> float | None:
        """Of the features that can be estimated; None where there is none."""
        return self.above / len(self.features) if self.features else None


@dataclass(frozen=True)
class Agreement:
    """All comparisons of a cohort.

    Attributes:
        cohort: its name.
        slices: `max` or `three`.
        threshold: a feature with an ICC(2,1) above it is reproducible.
        sequences: comparisons (`intra`, `inter`) by sequence.
    """

    cohort: str
    slices: str
    threshold: float
    sequences: Mapping[str, Mapping[str, Comparison]]


def summarise(cohort: str, slices: str, threshold: float, overlap: pd.DataFrame, icc: pd.DataFrame) -> Agreement:
    """Summarises measurements.

    Args:
        cohort: its name.
        slices: `max` or `three`.
        threshold: a feature with an ICC(2,1) above it is reproducible.
        overlap: of `npc.radiomics.reproducibility.measure`.
        icc: of `npc.radiomics.reproducibility.reproducibility`.
    """
    sequences: dict[str, dict[str, Comparison]] = {}
    for (sequence, comparison), of in overlap.groupby(["sequence", "comparison"], sort=False):
        rows = icc[(icc["sequence"] == sequence) & (icc["comparison"] == comparison)]
        sequences.setdefault(str(sequence), {})[str(comparison)] = _comparison(of, rows)
    return Agreement(cohort, slices, threshold, sequences)


def _comparison(overlap: pd.DataFrame, icc: pd.DataFrame) -> Comparison:
    known = icc["not_estimable"].isna()
    others = icc[~known]
    return Comparison(
        len(overlap),
        {measure: _spread(overlap[measure]) for measure in MEASURES},
        int(overlap["same_slice"].sum()),
        {row["feature"]: _feature(row) for row in icc[known].to_dict("records")},
        dict(zip(others["feature"], others["not_estimable"], strict=True)),
    )


def _spread(values: pd.Series) -> Spread:
    return Spread(*map(float, values.quantile([0.5, 0.25, 0.75, 0, 1])))


def _feature(row: Mapping) -> Feature:
    icc21, icc31 = (Interval(row[kind], row[f"{kind}_low"], row[f"{kind}_high"]) for kind in ("icc21", "icc31"))
    return Feature(icc21, icc31, bool(row["above"]))
