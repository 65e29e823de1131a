"""The tables of a report for LaTeX: one `.tex` to include, which needs the package booktabs."""

from collections.abc import Sequence
from pathlib import Path

from npc.files import write_text
from npc.report.kit.page import Section

_SPECIAL = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "[": "{[}",  # or LaTeX takes it for an option of the line before
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "∞": r"$\infty$",
    "χ": r"$\chi$",
    "×": r"$\times$",
}


def write_latex(path: Path, sections: Sequence[Section]) -> None:
    """Writes the tables of all sections as floats with caption and, in small print, footnote."""
    parts = []
    for section in sections:
        for caption, table in section.tables.items():
            escaped = table.astype(str).map(_escaped).rename(columns=lambda name: _escaped(str(name)))
            body = escaped.to_latex(index=False, escape=False)
            note = section.reading.get(caption, "")
            footnote = f"\n\\par\\footnotesize {_escaped(note)}" if note else ""
            parts.append(
                f"\\begin{{table}}\n\\caption{{{_escaped(caption)}}}\n{body.strip()}{footnote}\n\\end{{table}}\n"
            )
    write_text(
        path, "% \\usepackage{booktabs}; by xelatex or lualatex where names or signs are not Latin\n" + "\n".join(parts)
    )


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in text)
