"""Radiomic signatures: what each consists of, how stable it is, and what two chains have in common."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from npc.prognosis.choice import rank
from npc.prognosis.runs import Run
from npc.statistics import NotEstimable


@dataclass(frozen=True)
class Feature:
    """A feature of a signature.

    Attributes:
        name: its sequence, image, class and name.
        coefficient: log odds a unit of the feature.
        chosen: share of the bootstrap refits of the whole chain that chose it; None without refits.
    """

    name: str
    coefficient: float
    chosen: float | None


@dataclass(frozen=True)
class Signature:
    """A radiomic signature, as its run left it.

    Attributes:
        run_key: of the run.
        chain: the steps of selection, in order.
        intercept: log odds.
        features: of the signature.
        steps: how many features each step kept.
        notes: where a step had to depart from its definition.
        nested_auc: `estimate`, the mean over the `folds` of the training cohort of a signature that was chosen and
            fitted without the fold.
        apparent_auc: of the training cohort.
        correlation: Spearman's, (features, features).
    """

    run_key: str
    chain: tuple[str, ...]
    intercept: float
    features: tuple[Feature, ...]
    steps: Sequence[Mapping[str, Any]]
    notes: tuple[str, ...]
    nested_auc: Mapping[str, Any]
    apparent_auc: float
    correlation: np.ndarray


@dataclass(frozen=True)
class Overlap:
    """What the signatures of two chains share.

    Attributes:
        chains: of both.
        shared: features of both, by name.
        either: number of features of either.
    """

    chains: tuple[tuple[str, ...], tuple[str, ...]]
    shared: tuple[str, ...]
    either: int

    @property
    def jaccard(self) -> float | NotEstimable:
        """Features of both over features of either."""
        return len(self.shared) / self.either if self.either else NotEstimable("neither signature has a feature")


@dataclass(frozen=True)
class VariantSignatures:
    """The signatures of a variant.

    Attributes:
        variant: `<sequence>-<slices>`.
        signatures: the best of each chain.
        overlaps: of each pair of them.
    """

    variant: str
    signatures: tuple[Signature, ...]
    overlaps: tuple[Overlap, ...]


def signatures(runs: Sequence[Run]) -> tuple[VariantSignatures, ...]:
    """By variant, the best signature of each chain and what they share.

    Args:
        runs: all finished ones; the best of a variant and chain is chosen by the internal validation cohort. A run
            that another program wrote without `signature.json` is skipped.
    """
    best: dict[tuple[str, str], Run] = {}
    for run in sorted(runs, key=rank, reverse=True):
        if run.method == "radiomic" and (run.path / "signature.json").exists():
            best[run.variant, "+".join(_written(run)["chain"])] = run
    by_variant: dict[str, list[Signature]] = {}
    for variant, chain in sorted(best):
        by_variant.setdefault(variant, []).append(_read(best[variant, chain]))
    return tuple(
        VariantSignatures(variant, tuple(of), tuple(_overlap(*pair) for pair in combinations(of, 2)))
        for variant, of in by_variant.items()
    )


def _written(run: Run) -> dict[str, Any]:
    return json.loads((run.path / "signature.json").read_text())


def _read(run: Run) -> Signature:
    written = _written(run)
    return Signature(
        run.key,
        tuple(written["chain"]),
        written["intercept"],
        tuple(Feature(**feature) for feature in written["features"]),
        written["steps"],
        tuple(written["notes"]),
        written["nested_auc"],
        written["apparent_auc"],
        pd.read_csv(run.path / "correlation.csv", index_col="feature").to_numpy(),
    )


def _overlap(one: Signature, other: Signature) -> Overlap:
    first, second = ({feature.name for feature in signature.features} for signature in (one, other))
    return Overlap((one.chain, other.chain), tuple(sorted(first & second)), len(first | second))
