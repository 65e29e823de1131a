"""The spread over training seeds as keys of `results.json`, table and sentences."""

from collections.abc import Mapping, Sequence

import pandas as pd

from npc.names import METHODS, variant_in_words
from npc.prognosis.seeds import Seeds
from npc.report.kit import words
from npc.report.paper.result_parts import Json, note
from npc.statistics import NotEstimable
from npc.statistics.spread import Spread

Figure = Spread | NotEstimable


def as_json(found: Sequence[Seeds]) -> Json:
    """By `<method>/<variant>`: the runs that hold the chosen one, if there are such; `others` are of other settings."""
    written: Json = {}
    for one in found:
        if one.name in written:
            written[one.name].setdefault("others", []).append(_group(one))
        else:
            written[one.name] = _group(one)
    return written


def _group(one: Seeds) -> Json:
    return {
        "n": len(one.runs),
        "seeds": [seeds[0] if len(seeds) == 1 else list(seeds) for seeds in one.seeds],
        "run_keys": [run.key for run in one.runs],
        "chosen": one.chosen and one.chosen.key,
        "auc": {split: spread_as_json(figure) for split, figure in one.auc.items()},
        "harrell": {split: spread_as_json(figure) for split, figure in one.harrell.items()},
    }


def spread_as_json(found: Figure) -> Json:
    """`values`, `mean`, `sd`, `min` and `max`; all None with a note where they are not estimable."""
    if isinstance(found, NotEstimable):
        return {**dict.fromkeys(("values", "mean", "sd", "min", "max")), **note(found)}
    return {"values": list(found.values), "mean": found.mean, "sd": found.sd, "min": found.low, "max": found.high}


def table(found: Sequence[Seeds], splits: Mapping[str, str], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a run, and one for the mean and standard deviation of each group of runs."""
    rows = []
    for one in found:
        series, slices = variant_in_words(one.runs[0].variant, labels)
        start = {"Method": METHODS[one.runs[0].method], "Series": series, "Slices": slices}
        figures = [
            (f"{title}: {name}", of[split])
            for split, title in splits.items()
            for name, of in (("AUC", one.auc), ("Harrell's concordance", one.harrell))
            if split in of
        ]
        for i, (run, seeds) in enumerate(zip(one.runs, one.seeds, strict=True)):
            mark = " (chosen)" if one.chosen is run else ""
            values = {title: words.number(f if isinstance(f, NotEstimable) else f.values[i]) for title, f in figures}
            rows.append({**start, "Seed": ", ".join(map(str, seeds)) + mark, "Run": run.key, **values})
        rows.append({**start, "Seed": "mean (SD)", "Run": "", **{title: mean_sd(f) for title, f in figures}})
    return pd.DataFrame(rows)


def mean_sd(found: Figure) -> str:
    """`0.723 (0.157)`."""
    if isinstance(found, NotEstimable) or found.sd is None:
        return words.number(found if isinstance(found, NotEstimable) else found.mean)
    return f"{found.mean:.3f} ({found.sd:.3f})"


def sentences(found: Sequence[Seeds], splits: Mapping[str, str], labels: Mapping[str, str]) -> list[str]:
    """One for each group of runs: the AUC of every run in the cohort that shows most, the test cohort if there is."""
    written = []
    for one in found:
        split = next(split for split in ("test", "validation", "train") if split in one.auc)
        figure = one.auc[split]
        if isinstance(figure, NotEstimable):
            continue
        series, slices = variant_in_words(one.runs[0].variant, labels)
        values = ", ".join(f"{value:.3f}" for value in figure.values)
        seeds = "; ".join(" and ".join(map(str, of)) for of in one.seeds)
        shown = [value for run, value in zip(one.runs, figure.values, strict=True) if run is one.chosen]
        mark = f"; the report shows the run whose AUC is {shown[0]:.3f}" if shown else ""
        written.append(
            f"{METHODS[one.runs[0].method]}, {series}, {slices.lower()}: {len(one.runs)} runs differ in their seed "
            f"alone. AUC by seed ({seeds}) in the cohort {splits[split]}: {values}; mean {figure.mean:.3f}, SD "
            f"{figure.sd:.3f}, from {figure.low:.3f} to {figure.high:.3f}{mark}. The interval of one run's AUC does "
            "not contain this spread."
        )
    return written
