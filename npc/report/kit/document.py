"""The tables of a report for a word processor: one `.docx` in the layout of a journal, with three rules each."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from docx import Document
from docx.document import Document as Opened
from docx.enum.section import WD_ORIENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import _Cell, _Row

from npc.errors import InputError
from npc.report.kit.columns import WRAPPED, column_widths
from npc.report.kit.page import Section

FONT, SIZE, _NOTE, _SMALLEST = "Times New Roman", 9, 8, 6  # points
_TOGETHER = 32  # rows of a table that stays on one page
_RULE = "8"  # eighths of a point
_LINE = 261  # mm between the margins
_LETTER, _GAP = 0.165, 4.0  # mm: of a letter for each point of its size, on average; between two columns


def write_document(path: Path, title: str, sections: Sequence[Section]) -> None:
    """Writes the tables of all sections, numbered, each with its caption above and its footnote below.

    Args:
        path: of the `.docx`.
        title: of the document.
        sections: of the page; their texts and figures are left out.

    Raises:
        InputError: the file can't be written, for instance because a word processor has it open.
    """
    document = Document()
    _landscape(document)
    document.core_properties.author, document.core_properties.title = "npc", title
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(SIZE)
    heading = document.add_heading(title, 1).runs[0].font
    heading.name, heading.color.rgb = FONT, RGBColor(0, 0, 0)
    number = 0
    for section in sections:
        for caption, table in section.tables.items():
            number += 1
            _add(document, f"Table {number}. {caption}", table, section.reading.get(caption, ""))
    part = path.with_name(f".{path.name}.part")
    try:
        document.save(str(part))
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: can't be written ({error.strerror}); close it where it is open") from error
    finally:
        part.unlink(missing_ok=True)


def _landscape(document: Opened) -> None:
    page = document.sections[0]
    page.orientation, page.page_width, page.page_height = WD_ORIENT.LANDSCAPE, Mm(297), Mm(210)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(18)


def _add(document: Opened, caption: str, table: pd.DataFrame, footnote: str) -> None:
    heading = document.add_paragraph()
    heading.add_run(caption).bold = True
    heading.paragraph_format.keep_with_next = True
    rows = [list(map(str, table.columns)), *(list(map(str, row)) for row in table.itertuples(index=False))]
    made = document.add_table(rows=len(rows), cols=len(table.columns))
    made.autofit = False
    points, widths = _fitted(table)
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Mm(width)
    _mark(made.rows[0], "w:tblHeader")  # printed again on each page of the table
    for line, (row, cells) in enumerate(zip(made.rows, rows, strict=True)):
        _mark(row, "w:cantSplit")  # over two pages
        sides = [*(["top", "bottom"] if line == 0 else []), *(["bottom"] if line == len(rows) - 1 else [])]
        for cell, text, width in zip(row.cells, cells, widths, strict=True):
            cell.text, cell.width = text, Mm(width)
            layout = cell.paragraphs[0].paragraph_format
            layout.space_after, layout.keep_with_next = Pt(1), len(rows) <= _TOGETHER or line == 0
            for run in cell.paragraphs[0].runs:
                run.bold, run.font.size = line == 0, Pt(points)
            _rule(cell, sides)
    note = document.add_paragraph()
    note.add_run(footnote).font.size = Pt(_NOTE)
    note.paragraph_format.space_after = Pt(14)


def _fitted(table: pd.DataFrame) -> tuple[int, list[float]]:
    """Size of the letters in points and widths of the columns in mm: smaller letters where columns are many."""
    room = _LINE - _GAP * len(table.columns)
    layouts = ((size, column_widths(table, wrapped)) for size in (SIZE, 8, 7) for wrapped in WRAPPED)
    fitting = ((size, letters) for size, letters in layouts if sum(letters) * size * _LETTER <= room)
    points, letters = next(fitting, (_SMALLEST, column_widths(table, WRAPPED[-1])))
    scale = min(1.0, room / (sum(letters) * points * _LETTER))
    return points, [of * points * _LETTER * scale + _GAP for of in letters]


def _mark(row: _Row, name: str) -> None:
    """Sets a property of a row, which python-docx has no call for."""
    mark = OxmlElement(name)
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _rule(cell: _Cell, sides: Sequence[str]) -> None:
    """Draws lines at these sides of a cell, which python-docx has no call for."""
    if not sides:
        return
    borders = OxmlElement("w:tcBorders")
    for side in dict.fromkeys(sides):
        line = OxmlElement(f"w:{side}")
        line.set(qn("w:val"), "single")
        line.set(qn("w:sz"), _RULE)
        borders.append(line)
    cell._tc.get_or_add_tcPr().append(borders)
