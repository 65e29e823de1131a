"""The radiomic signatures of a report as tables and figures."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from npc.names import NOT_ESTIMABLE, variant_in_words
from npc.prognosis.signatures import Signature, VariantSignatures
from npc.report.kit.figure import PAGE, SMALL, drawing
from npc.report.kit.page import Figure

FEW = 12  # features whose correlations stand as numbers in their cells
_STEPS = {"mrmr": "mRMR", "lasso": "LASSO", "aic": "AIC"}


def features_table(radiomics: Sequence[VariantSignatures], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a feature of a signature; `labels` of the series."""
    return pd.DataFrame(
        {
            **_names(of, signature, labels),
            "Feature": feature.name, "Coefficient": f"{feature.coefficient:.4g}",
            "Chosen in refits": "–" if feature.chosen is None else f"{feature.chosen:.0%}",
        }
        for of, signature in _each(radiomics) for feature in signature.features
    )  # fmt: skip


def signatures_table(radiomics: Sequence[VariantSignatures], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a signature: its features, the apparent and the nested AUC, and what it shares with the other chains."""
    rows = []
    for of, signature in _each(radiomics):
        nested = signature.nested_auc["estimate"]
        shared = [f"{len(one.shared)} of {one.either}" for one in of.overlaps if signature.chain in one.chains]
        rows.append({
            **_names(of, signature, labels),
            "Features": len(signature.features), "Apparent AUC": f"{signature.apparent_auc:.3f}",
            "Nested AUC": NOT_ESTIMABLE if nested is None else f"{nested:.3f}",
            "Shared with other chain": "; ".join(shared) or "–",
        })  # fmt: skip
    return pd.DataFrame(rows)


def notes(radiomics: Sequence[VariantSignatures], labels: Mapping[str, str]) -> list[str]:
    """Where the steps of a chain had to depart from their definition."""
    return [
        f"{', '.join(variant_in_words(of.variant, labels))} ({_chain(signature)}): {note}"
        for of, signature in _each(radiomics)
        for note in signature.notes
    ]


def draw(folder: Path, radiomics: Sequence[VariantSignatures], labels: Mapping[str, str]) -> list[Figure]:
    """A map of the correlations for each signature of two features or more."""
    figures = []
    for of, signature in _each(radiomics):
        if len(signature.features) >= 2:
            path = folder / f"correlation_{of.variant}_{'_'.join(signature.chain) or 'all'}"
            _map(path, [feature.name for feature in signature.features], signature.correlation)
            caption = f"Correlation of features, {', '.join(variant_in_words(of.variant, labels))}: {_chain(signature)}"
            figures.append(Figure(path, caption))
    return figures


def _each(radiomics: Sequence[VariantSignatures]) -> Iterator[tuple[VariantSignatures, Signature]]:
    return ((of, signature) for of in radiomics for signature in of.signatures)


def _names(of: VariantSignatures, signature: Signature, labels: Mapping[str, str]) -> dict[str, str]:
    series, slices = variant_in_words(of.variant, labels)
    return {"Series": series, "Slices": slices, "Chain": _chain(signature)}


def _chain(signature: Signature) -> str:
    return ", ".join(_STEPS.get(step, step) for step in signature.chain) or "no selection"


def _map(path: Path, names: list[str], correlation: np.ndarray) -> None:
    """Blue below 0, red above, and the numbers: legible in grey as well."""
    n = len(names)
    with drawing(path, width=PAGE, height=30 + 7 * n) as figure:
        axes = figure.subplots()
        image = axes.imshow(correlation, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
        axes.set_xticks(range(n), [str(i) for i in range(1, n + 1)])
        axes.set_yticks(range(n), [f"{name}  {i}" for i, name in enumerate(names, start=1)])
        axes.tick_params(length=0)
        if n <= FEW:
            for (row, column), value in np.ndenumerate(correlation):
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=SMALL,
                          color="white" if abs(value) > 0.6 else "black")  # fmt: skip
        figure.colorbar(image, label="Spearman's correlation", shrink=0.8)
