"""The page: what is written into it, and that it is escaped."""

import re
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from npc.report.kit.figure import COLUMN, PAGE, drawing
from npc.report.kit.page import Figure, Panel, Section, write_page
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


def patients() -> Section:
    """Three patients, the last without images."""
    listing = pd.DataFrame({"Patient": ["H1-0001", "H1-0002", "<b>"], "Risk": ["0.1", "0.9", "0.5"]})
    jpeg = cv2.imencode(".jpg", np.full((8, 8), 99, np.uint8))[1].tobytes()
    panels = [Panel(name, ["training"], {"T2-w": [("slice", jpeg)]}) for name in ("H1-0001", "H1-0002")]
    return Section("Patients", listings={"Each": listing}, panels=panels)


def test_a_row_leads_to_the_patients_images_where_there_are_some(tmp_path):
    write_page(tmp_path / "report.html", "Title", [patients()])
    page = (tmp_path / "report.html").read_text()
    place = re.search(r'<td><a href="#([^"]+)">H1-0002</a></td>', page)[1]
    (article,) = re.findall(rf'<article id="{place}".*?</article>', page, re.DOTALL)
    assert "H1-0002, slice" in article
    assert "data:image/jpeg;base64,/9j/" in article
    assert "<td>&lt;b&gt;</td>" in page


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """Two sections with a table and a figure."""
    home = tmp_path_factory.mktemp("page")
    drawn = Figure(home / "plot", "Curves")
    with drawing(drawn.path, width=PAGE, height=40) as figure:
        figure.subplots().plot([0, 1])
    table = pd.DataFrame({"model": ["Combined", "Clinical", "Radiomic"], "P": ["0.03", "< 0.001", "0.2"]})
    sections = [Section("One", ["Text."], {"Table": table}, [drawn], {"Table": "Small is rare."}), patients()]
    write_page(home / "report.html", "Title", sections)
    return home / "report.html"


def column(page, number: int) -> list[str]:
    return page.locator("table").first.locator(f"tbody tr td:nth-child({number})").all_inner_texts()


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
        small = shown.locator("figure:not(.small) img").bounding_box()["width"]
        shown.get_by_role("button", name="Enlarge: Curves").press("Enter")
        assert shown.locator("dialog img").bounding_box()["width"] > 2 * small
        shown.keyboard.press("Escape")
        assert not shown.locator("dialog").is_visible()


@pytest.mark.slow
def test_a_patient_in_the_table_opens_the_images(page):
    with opened(page) as shown:
        assert not shown.locator("article").last.is_visible()
        shown.get_by_role("link", name="H1-0002").press("Enter")
        shown.locator("article:target").wait_for()
        assert shown.locator("article:target h3").inner_text().startswith("H1-0002")
        assert shown.evaluate("document.activeElement.textContent").strip().startswith("H1-0002")
        assert faults_of_access(shown) == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_a_page_can_be_read_by_everyone(page, width: int, scheme: str):
    with opened(page, width=width, scheme=scheme) as shown:
        assert faults_of_access(shown) == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= width  # no line is cut
        shown.emulate_media(media="print")
        assert not shown.get_by_role("navigation").is_visible()
