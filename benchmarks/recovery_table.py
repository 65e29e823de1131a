"""The tables of docs/recovery.md from the rows of benchmarks/recovery.py."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

VOLUME = "volume"  # alone; it is measured beside each recipe
# the network to whose spread between training seeds that of the ensemble is compared
MEMBER = {
    "ensemble of compact networks": "one compact network",
    "ensemble of filter networks": "one filter network",
}
PHANTOM = ["signal", "recipe", "seed"]


def recovered(rows: pd.DataFrame) -> str:
    """A line for each signal and recipe, the best recipe first.

    A phantom counts once, with the mean of its training seeds. The difference to volume alone is taken on each phantom,
    and so is the oracle: recipes that were measured on different phantoms are not compared by their means.

    Args:
        rows: of recovery.csv.

    Returns:
        Markdown.
    """
    phantoms = rows.groupby(PHANTOM, sort=False)[["auc", "oracle", "recovered"]].mean().reset_index()
    ruler = phantoms[phantoms["recipe"] == VOLUME].set_index(["signal", "seed"])["auc"]
    phantoms = phantoms.join(ruler.rename("volume"), on=["signal", "seed"])
    phantoms["minus"] = phantoms["auc"] - phantoms["volume"]
    return "\n".join(
        [
            "| signal | recipe | phantoms | AUC | oracle | recovered | AUC minus volume |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *(line for _, of in phantoms.groupby("signal", sort=False) for line in _recipes(of)),
        ]
    )


def _recipes(phantoms: pd.DataFrame) -> Iterator[str]:
    by_recipe = phantoms.groupby("recipe", sort=False)
    for recipe in by_recipe["recovered"].mean().sort_values(ascending=False, kind="stable").index:
        of = by_recipe.get_group(recipe)
        share, minus = of["recovered"], of["minus"]
        deviation = f"{share.std():.2f}; " if len(of) > 1 else ""
        ruler = recipe == VOLUME or minus.isna().any()
        cells = [
            of["signal"].iloc[0],
            recipe,
            f"{len(of)}",
            f"{of['auc'].mean():.3f}",
            f"{of['oracle'].mean():.3f}",
            f"{share.mean():.2f} ({deviation}{share.min():.2f} to {share.max():.2f})",
            "" if ruler else f"{minus.mean():+.3f} ({minus.min():+.3f} to {minus.max():+.3f})",
        ]
        yield f"| {' | '.join(cells)} |"


def spread(rows: pd.DataFrame) -> str:
    """The standard deviation between training seeds of a phantom, a line for each signal and recipe that has several.

    It is the root of the mean variance over the phantoms. The ratio of an ensemble to one of its networks is of the
    phantoms that both have.

    Args:
        rows: of recovery.csv.

    Returns:
        Markdown; empty where no recipe was trained with several seeds.
    """
    found = rows[rows["recipe"] != VOLUME].groupby(PHANTOM, sort=False)
    variance = found[["auc", "recovered"]].var().assign(seeds=found.size()).dropna()  # one seed has none
    lines = []
    for (signal, recipe), of in variance.groupby(["signal", "recipe"], sort=False):
        of = of.droplevel(["signal", "recipe"])
        ratio = ""
        if (one := (signal, MEMBER.get(recipe))) in variance.index.droplevel("seed"):
            both = of.join(variance.loc[one], rsuffix="_one", how="inner")
            if len(both):
                ratio = f"{_root(both['auc']) / _root(both['auc_one']):.2f} ({len(both)})"
        seeds = "/".join(str(count) for count in sorted(of["seeds"].unique()))
        lines.append(
            f"| {signal} | {recipe} | {len(of)} | {seeds} | {_root(of['auc']):.4f} | {_root(of['recovered']):.3f} "
            f"| {ratio} |"
        )
    if not lines:
        return ""
    title = (
        "| signal | recipe | phantoms | training seeds of each | SD of the AUC | SD of the recovered share "
        "| ratio of the SD of the AUC to one of its networks (phantoms) |"
    )
    return "\n".join([title, "| --- | --- | --- | --- | --- | --- | --- |", *lines])


def _root(variance: pd.Series) -> float:
    return float(np.sqrt(variance.mean()))
