"""The radiomic signatures of a report: what each consists of, how stable it is, and what two chains have in common."""

import json
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from npc.prognosis.choice import rank
from npc.prognosis.runs import Run
from npc.report.kit.figure import PAGE, drawing
from npc.report.kit.names import NOT_ESTIMABLE, SLICES, series

Figures = dict[str, Any]
FEW = 12  # features whose correlations can be told apart when the numbers stand in their cells


def figures(runs: Sequence[Run]) -> Figures:
    """`radiomics` of results.json: by variant, the best signature of each chain and what they share.

    Args:
        runs: all finished ones; the best of a variant and chain is chosen by the internal validation cohort. A run
            that another program wrote without `signature.json` is passed over.
    """
    best: dict[tuple[str, str], Run] = {}
    for run in sorted(runs, key=rank, reverse=True):
        if run.method == "radiomic" and (run.path / "signature.json").exists():
            best[run.variant, _chain(run)] = run
    found: Figures = {}
    for (variant, chain), run in sorted(best.items()):
        here = found.setdefault(variant, {"chains": {}, "overlap": {}})
        here["chains"][chain] = _signature(run)
    for here in found.values():
        for one, other in combinations(here["chains"], 2):
            names = [{feature["name"] for feature in here["chains"][chain]["features"]} for chain in (one, other)]
            here["overlap"][f"{one}__{other}"] = _overlap(*names)
    return found


def _chain(run: Run) -> str:
    return "+".join(_read(run)["chain"])


def _read(run: Run) -> dict[str, Any]:
    return json.loads((run.path / "signature.json").read_text())


def _signature(run: Run) -> Figures:
    told = _read(run)
    correlation = pd.read_csv(run.path / "correlation.csv", index_col="feature")
    keys = ("intercept", "features", "steps", "notes", "nested_auc", "apparent_auc")
    return {"run_key": run.key, **{key: told[key] for key in keys}, "correlation": correlation.to_numpy().tolist()}


def _overlap(one: set[str], other: set[str]) -> Figures:
    """Shared features and Jaccard's index; with no feature on either side there is none."""
    shared, either = sorted(one & other), one | other
    if not either:
        return {"shared": [], "jaccard": None, "note": f"{NOT_ESTIMABLE}: neither signature has a feature"}
    return {"shared": shared, "jaccard": len(shared) / len(either)}


def features_table(found: Figures) -> pd.DataFrame:
    """A row a feature of a signature."""
    return pd.DataFrame(
        {
            "Series": _title(variant)[0], "Slices": _title(variant)[1], "Chain": _words(chain),
            "Feature": feature["name"], "Coefficient": f"{feature['coefficient']:.4g}",
            "Chosen in refits": "–" if feature["chosen"] is None else f"{feature['chosen']:.0%}",
        }
        for variant, here in found.items() for chain, signature in here["chains"].items()
        for feature in signature["features"]
    )  # fmt: skip


def signatures_table(found: Figures) -> pd.DataFrame:
    """A row a signature: its features, the apparent and the nested AUC, and what it shares with the other chain."""
    rows = []
    for variant, here in found.items():
        for chain, signature in here["chains"].items():
            nested = signature["nested_auc"]["estimate"]
            shared = [
                f"{len(overlap['shared'])} of {_either(overlap, here, pair)}"
                for pair, overlap in here["overlap"].items() if chain in pair.split("__")
            ]  # fmt: skip
            rows.append(
                {
                    "Series": _title(variant)[0], "Slices": _title(variant)[1], "Chain": _words(chain),
                    "Features": len(signature["features"]), "Apparent AUC": f"{signature['apparent_auc']:.3f}",
                    "Nested AUC": NOT_ESTIMABLE if nested is None else f"{nested:.3f}",
                    "Shared with other chain": "; ".join(shared) or "–",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _either(overlap: Figures, here: Figures, pair: str) -> int:
    sizes = [len(here["chains"][chain]["features"]) for chain in pair.split("__")]
    return sum(sizes) - len(overlap["shared"])


def _title(variant: str) -> tuple[str, str]:
    sequence, slices = variant.rsplit("-", 1)
    return series(sequence), SLICES.get(slices, slices)


def _words(chain: str) -> str:
    names = {"univariate": "univariate", "mrmr": "mRMR", "lasso": "LASSO", "aic": "AIC"}
    return ", ".join(names.get(step, step) for step in chain.split("+")) if chain else "no selection"


def notes(found: Figures) -> list[str]:
    """Where the steps of a chain had to depart from what they are."""
    return [
        f"{', '.join(_title(variant))} ({_words(chain)}): {note}"
        for variant, here in found.items() for chain, signature in here["chains"].items() for note in signature["notes"]
    ]  # fmt: skip


def draw(folder: Path, found: Figures) -> dict[str, Path]:
    """A map of the correlations for each signature of two features or more; paths without suffix, by caption."""
    drawn = {}
    for variant, here in found.items():
        for chain, signature in here["chains"].items():
            if len(signature["features"]) >= 2:
                path = folder / f"correlation_{variant}_{chain.replace('+', '_') or 'all'}"
                _map(path, [feature["name"] for feature in signature["features"]], np.array(signature["correlation"]))
                drawn[f"Correlation of features, {', '.join(_title(variant))}: {_words(chain)}"] = path
    return drawn


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
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=6,
                          color="white" if abs(value) > 0.6 else "black")  # fmt: skip
        figure.colorbar(image, label="Spearman's correlation", shrink=0.8)
