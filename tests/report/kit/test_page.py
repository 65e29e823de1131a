"""The page: what is written into it, and that it is escaped."""

from pathlib import Path

import pandas as pd
import pytest

from npc.report.kit.figure import COLUMN, PAGE, drawing
from npc.report.kit.page import Figure, Section, write_page
from tests.browser import faults_of_access, opened


def test_a_page_holds_its_figures_and_escapes_its_text(tmp_path):
    drawn = Figure(tmp_path / "plot", "Curves of <A>")
    with drawing(drawn.path, width=COLUMN, height=20):
        pass
    table = pd.DataFrame({"a & b": ["<script>"]})
    write_page(tmp_path / "report.html", "<title>", [Section("One", ["x < y"], {"Table": table}, [drawn])])
    page = (tmp_path / "report.html").read_text()
    assert page.count("<script>") == 1  # the page's own
    assert "x &lt; y" in page
    assert "Curves of &lt;A&gt;" in page
    assert "data:image/png;base64,iVBOR" in page


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """Two sections with a table and a figure."""
    home = tmp_path_factory.mktemp("page")
    drawn = Figure(home / "plot", "Curves")
    with drawing(drawn.path, width=PAGE, height=40) as figure:
        figure.subplots().plot([0, 1])
    table = pd.DataFrame({"model": ["Combined", "Clinical", "Radiomic"], "P": ["0.03", "< 0.001", "0.2"]})
    sections = [Section("One", ["Text."], {"Table": table}, [drawn], {"Table": "Small is rare."}), Section("Two")]
    write_page(home / "report.html", "Title", sections)
    return home / "report.html"


def column(page, number: int) -> list[str]:
    return page.locator(f"tbody tr td:nth-child({number})").all_inner_texts()


@pytest.mark.slow
def test_a_table_sorts_by_mouse_and_by_keyboard(page):
    with opened(page) as shown:
        shown.get_by_role("button", name="P", exact=True).click()
        assert column(shown, 2) == ["< 0.001", "0.03", "0.2"]
        shown.keyboard.press("Enter")
        assert column(shown, 2) == ["0.2", "0.03", "< 0.001"]
        assert shown.locator("th[aria-sort=descending]").inner_text().startswith("P")
        shown.keyboard.press("Enter")
        assert column(shown, 1) == ["Combined", "Clinical", "Radiomic"]


@pytest.mark.slow
def test_a_figure_enlarges_and_closes_by_escape(page):
    with opened(page, width=360) as shown:
        small = shown.locator("figure img").bounding_box()["width"]
        shown.get_by_role("button", name="Enlarge: Curves").press("Enter")
        assert shown.locator("dialog img").bounding_box()["width"] > 2 * small
        shown.keyboard.press("Escape")
        assert not shown.locator("dialog").is_visible()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_a_page_can_be_read_by_everyone(page, width: int, scheme: str):
    with opened(page, width=width, scheme=scheme) as shown:
        assert faults_of_access(shown) == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= width  # no line is cut
        shown.emulate_media(media="print")
        assert not shown.get_by_role("navigation").is_visible()
