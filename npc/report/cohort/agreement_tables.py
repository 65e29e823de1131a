"""Readers' agreement as tables for the terminal."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from npc.names import COMPARISONS, READERS
from npc.report.cohort.agreement_summary import Agreement, Comparison, Spread

SHOWN = 30  # features that a line of the terminal names


def tables(found: Agreement) -> list[RenderableType]:
    """Agreement as rich tables, and the features that do not agree as text."""
    threshold = f"{found.threshold:g}"
    outlines = _table(
        f"Outlines of {escape(found.cohort)} against the first reader's: median (range)",
        *("patients", "Dice", "95% Hausdorff (mm)", "area difference (%)"),
    )
    features = _table(f"Features (slices={found.slices}): ICC(2,1)", "features", f"above {threshold}", "not estimable")
    lists: list[RenderableType] = []
    for sequence, comparisons in found.sequences.items():
        for comparison, of in comparisons.items():
            who = (escape(sequence), READERS[COMPARISONS[comparison]])
            forms = {"dice": (".2f", 1), "hd95_mm": (".1f", 1), "area_difference": ("+.0f", 100)}
            spreads = [_spread(of.spreads[key], form, factor) for key, (form, factor) in forms.items()]
            outlines.add_row(*who, str(of.patients), *spreads)
            share = "–" if of.share_above is None else f"{of.above} ({of.share_above:.0%})"
            features.add_row(*who, str(len(of.features)), share, str(len(of.not_estimable)))
            named = f"{sequence}, {READERS[COMPARISONS[comparison]]}"
            if of.below:
                lists.append(Text(f"{named}: not above {threshold}: {_names(of.below)}"))
            lists += [Text(f"{named}: not estimable, {reason}") for reason in _reasons(of)]
    return [outlines, features, *lists]


def short(feature: str) -> str:
    """A feature's name as people read it.

    >>> short("original_firstorder_Mean")
    'firstorder Mean'
    """
    return feature.removeprefix("original_").replace("_", " ")


def _spread(spread: Spread, form: str, factor: float) -> str:
    median, low, high = (factor * value for value in (spread.median, spread.min, spread.max))
    return f"{median:{form}} ({low:{form}} to {high:{form}})"


def _names(features: Iterable[str]) -> str:
    names = list(map(short, features))
    more = [f"and {len(names) - SHOWN} more (tables/icc.csv)"] if len(names) > SHOWN else []
    return ", ".join([*names[:SHOWN], *more])


def _reasons(of: Comparison) -> list[str]:
    """Features by the reason why they have no ICC."""
    by_reason: dict[str, list[str]] = {}
    for feature, reason in of.not_estimable.items():
        by_reason.setdefault(reason, []).append(feature)
    if len(by_reason) == 1 and not of.features:
        return [f"{next(iter(by_reason))}: all features"]
    return [f"{reason}: {_names(features)}" for reason, features in by_reason.items()]


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    for i, heading in enumerate(("sequence", "outlined by", *headings)):
        table.add_column(heading, justify="left" if i < 2 else "right")
    return table
