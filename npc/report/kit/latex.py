"""The tables of a report for LaTeX: one `.tex` to include, which says which packages it needs."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from npc.files import write_text
from npc.report.kit.columns import WRAPPED, column_widths
from npc.report.kit.page import Section

_SPECIAL = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "[": "{[}",  # or LaTeX takes it for an option of the line before
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "\u2003": r"\quad ",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "∞": r"$\infty$",
    "χ": r"$\chi$",
    "×": r"$\times$",
}
_HEAD = r"""% Packages: \usepackage{array,booktabs,longtable}
% For wide tables: \usepackage[landscape,margin=18mm]{geometry}
% Compile with xelatex or lualatex where names or signs are not Latin.
"""
_TABLE = r"""{\footnotesize\setlength{\tabcolsep}{3pt}
%s
\noindent %s\par}
\bigskip
"""
_NARROW, _WIDE = 90, 190  # characters of a line in small print on an upright page, and on a lying one


def write_latex(path: Path, sections: Sequence[Section]) -> None:
    """Writes the tables of all sections, each with caption and footnote; long ones run over pages."""
    parts = []
    for section in sections:
        for caption, table in section.tables.items():
            escaped = table.astype(str).map(_escaped).rename(columns=lambda name: _escaped(str(name)))
            body = escaped.to_latex(
                index=False, escape=False, longtable=True, caption=_escaped(caption), column_format=_format(table)
            )
            note = _escaped(section.reading.get(caption, ""))
            parts.append(_TABLE % (body.strip(), note))
    write_text(path, _HEAD + "\n".join(parts))


def _format(table: pd.DataFrame) -> str:
    """Columns as wide as their texts need, in shares of the line, so that long texts are wrapped."""
    gaps = 2 * len(table.columns)
    fitting = (of for wrapped in WRAPPED if sum(of := column_widths(table, wrapped)) + gaps <= _WIDE)
    widths = next(fitting, column_widths(table, WRAPPED[-1]))
    unit = 0.96 / max(sum(widths) + gaps, _NARROW)
    return "".join(rf">{{\raggedright\arraybackslash}}p{{{width * unit:.3f}\linewidth}}" for width in widths)


def _escaped(text: str) -> str:
    text = "\u2003" + text.lstrip() if text[:1] == " " else text  # levels below their variable
    return "".join(_SPECIAL.get(letter, letter) for letter in text)
