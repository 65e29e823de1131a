"""`report.html`: the tables and figures of a report in one file that needs no network."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from npc.files import write_text


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: its heading.
        text: paragraphs of plain text; whatever stands in them is escaped.
        tables: by caption.
        figures: paths of PNG files, by caption.
    """

    title: str
    text: Sequence[str] = ()
    tables: Mapping[str, pd.DataFrame] | None = None
    figures: Mapping[str, Path] | None = None


def write_page(path: Path, title: str, sections: Sequence[Section]) -> None:
    """Writes the page; pictures are put into it."""
    pages = Environment(
        loader=PackageLoader("npc.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["picture"] = lambda file: base64.b64encode(file.read_bytes()).decode()
    write_text(path, pages.get_template("report.html.jinja").render(title=title, sections=sections))
