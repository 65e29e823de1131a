"""The page: what is written into it, and that it is escaped."""

import pandas as pd

from npc.report.kit.figure import COLUMN, drawing
from npc.report.kit.page import Figure, Section, write_page


def test_a_page_holds_its_figures_and_escapes_its_text(tmp_path):
    drawn = Figure(tmp_path / "plot", "Curves of <A>")
    with drawing(drawn.path, width=COLUMN, height=20):
        pass
    table = pd.DataFrame({"a & b": ["<script>"]})
    write_page(tmp_path / "report.html", "<title>", [Section("One", ["x < y"], {"Table": table}, [drawn])])
    page = (tmp_path / "report.html").read_text()
    assert "<script>" not in page
    assert "x &lt; y" in page
    assert "Curves of &lt;A&gt;" in page
    assert "data:image/png;base64,iVBOR" in page
