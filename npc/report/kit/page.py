"""`report.html`: the tables and figures of a report in one file that needs no network."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from npc.files import write_text

_PIXELS_PER_MM = 96 / 25.4 * 1.22  # of a screen; text of 8 points is as large as that of the tables


@dataclass(frozen=True)
class Figure:
    """A figure that was drawn.

    Attributes:
        path: without suffix; `<path>.png` and `<path>.svg` are there.
        caption: below it.
    """

    path: Path
    caption: str

    @property
    def png(self) -> Path:
        """The image that the page shows."""
        return self.path.with_name(f"{self.path.name}.png")

    @property
    def data(self) -> bytes:
        """Content of that image."""
        return self.png.read_bytes()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height at which the page shows it, in pixels of a screen: that of print, enlarged by a fifth."""
        with Image.open(self.png) as image:
            scale = _PIXELS_PER_MM * 25.4 / float(image.info.get("dpi", (300, 300))[0])
            return round(image.width * scale), round(image.height * scale)

    @property
    def description(self) -> str:
        """What numbers in the figure stand for, where no font could draw the names (`npc.report.kit.fonts`)."""
        with Image.open(self.png) as image:
            return str(image.info.get("Description", ""))


@dataclass(frozen=True)
class Panel:
    """The images of one patient.

    Attributes:
        name: study id, to which the rows of listings lead.
        facts: beside it.
        images: by caption, a list each of what it shows, in words, and the JPEG.
    """

    name: str
    facts: Sequence[str]
    images: Mapping[str, Sequence[tuple[str, bytes]]]


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: its heading.
        text: paragraphs of plain text, which is escaped; a list is shown as one.
        tables: by caption.
        figures: in order.
        reading: by caption of a table, one sentence on how to read it.
        listings: long tables that this page alone has, by caption; the first column names patients, and leads to their
            panels where there are some.
        panels: shown when a reader asks for them.
    """

    title: str
    text: Sequence[str | Sequence[str]] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    figures: Sequence[Figure] = ()
    reading: Mapping[str, str] = field(default_factory=dict)
    listings: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    panels: Sequence[Panel] = ()


def write_page(path: Path, title: str, sections: Sequence[Section]) -> None:
    """Writes the page; figures are put into it."""
    names = [panel.name for section in sections for panel in section.panels]
    places = {name: f"patient-{number}" for number, name in enumerate(names, start=1)}
    write_text(path, render("report.html.jinja", title=title, sections=sections, places=places))


def render(template: str, **values: Any) -> str:
    """A page from a template of this package; texts among the values are escaped."""
    pages = Environment(
        loader=PackageLoader("npc.report.kit"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["base64"] = lambda data: base64.b64encode(data).decode()
    return pages.get_template(template).render(**values)
