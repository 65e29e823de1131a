"""The tables as a word processor opens them."""

from pathlib import Path

import pandas as pd
from docx import Document

from npc.report.kit.document import write_document
from npc.report.kit.page import Section
from npc.report.paper.reading import with_reading


def test_each_table_has_its_number_caption_cells_and_footnote(tmp_path: Path):
    first = pd.DataFrame({"model": ["combined", "<b>"], "AUC": ["0.80", "0.71"]})
    second = pd.DataFrame({"P": ["< 0.001"]})
    sections = [Section("One", ["text"], {"AUCs": first}, (), {"AUCs": "DeLong."}), Section("Two", (), {"P": second})]
    write_document(tmp_path / "tables.docx", "Study", sections)
    written = Document(str(tmp_path / "tables.docx"))
    paragraphs = [paragraph.text for paragraph in written.paragraphs]
    assert [text for text in paragraphs if text.startswith("Table")] == ["Table 1. AUCs", "Table 2. P"]
    assert "DeLong." in paragraphs
    cells = [[cell.text for cell in row.cells] for row in written.tables[0].rows]
    assert cells == [["model", "AUC"], ["combined", "0.80"], ["<b>", "0.71"]]
    assert [table.rows[-1].cells[0].text for table in written.tables] == ["<b>", "< 0.001"]


def test_a_table_without_rows_and_columns_is_left_out(tmp_path: Path):
    """As of treatments where `prognosis.treatment` is null, or of pairs where there is one model."""
    tables = {"Adjusted": pd.DataFrame([]), "An unknown caption": pd.DataFrame({"P": ["0.040"]})}
    sections = with_reading([Section("One", (), tables)])
    write_document(tmp_path / "tables.docx", "Study", sections)
    written = Document(str(tmp_path / "tables.docx"))
    assert [of.text for of in written.paragraphs if of.text.startswith("Table")] == ["Table 1. An unknown caption"]
    assert len(written.tables) == 1
