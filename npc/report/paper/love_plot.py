"""Love plot: how far the arms are apart in each term, before and after weighting."""

from pathlib import Path

from npc.names import with_signs
from npc.prognosis.treatment_balance import Balance
from npc.report.kit.figure import COLUMN, drawing

ALIKE = 0.1  # a standardised difference below is taken for balance (Austin, 2009)
LINE, FRAME = 4.2, 27.0  # mm


def draw(path: Path, balance: Balance) -> None:
    """Saves `<path>.png` and `<path>.svg`.

    Args:
        path: without suffix.
        balance: what it shows.
    """
    terms = list(balance.terms.values())
    with drawing(path, width=COLUMN, height=FRAME + LINE * len(terms)) as figure:
        axes = figure.subplots()
        axes.axvspan(-ALIKE, ALIKE, color="0.92", linewidth=0)
        axes.axvline(0, color="0.6", linewidth=0.6)
        rows = range(len(terms))
        for values, marker, face, label in (
            ([term.before for term in terms], "o", "white", "Before weighting"),
            ([term.after for term in terms], "o", "black", "After weighting"),
        ):
            known = [(value, row) for value, row in zip(values, rows, strict=True) if value is not None]
            x, y = zip(*known, strict=True) if known else ((), ())
            axes.plot(x, y, marker, color="black", markerfacecolor=face, markersize=4, label=label)
        axes.set_yticks(list(rows), [with_signs(term.label) for term in terms])
        axes.set_ylim(len(terms) - 0.5, -0.5)
        axes.set_xlabel("Standardised difference,\nadditional minus standard")
        figure.legend(loc="outside lower center", ncols=2)
