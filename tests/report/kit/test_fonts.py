"""Names in any script: drawn by a font that has them, else numbered; never a box, and no warning of a library."""

import json
import re
import warnings
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.font_manager import FontManager, fontManager
from PIL import Image

from npc.report.cohort.flow import write_flow
from npc.report.kit import fonts
from npc.report.kit.figure import COLUMN, drawing

DRAWN = {
    "Cyrillic": "Городская больница № 5",
    "Greek": "Νοσοκομείο Αθηνών",
    "Arabic": "مستشفى الملك فيصل",
    "Latin": "Universitätsklinik Århus, Łódź",
    "mathematics": "US$ 5 to $10 {x}_{1}",
    "control": "Ward\t1\u200b\x07",
}
pytestmark = pytest.mark.usefixtures("coarse")
UNKNOWN = {"Chinese": "中山大学肿瘤防治中心", "Japanese": "がん研有明病院", "Korean": "서울대병원", "Thai": "โรงพยาบาล"}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch):
    """A machine that has no fonts but those of matplotlib, and a command that has reported nothing yet."""
    own = [entry for entry in fontManager.ttflist if "mpl-data" in entry.fname]
    monkeypatch.setattr(fontManager, "ttflist", own)
    monkeypatch.setattr(fonts.font_manager, "findSystemFonts", lambda: [])
    monkeypatch.setattr(fonts, "_reported", set())
    FontManager._findfont_cached.cache_clear() if hasattr(FontManager._findfont_cached, "cache_clear") else None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def made(file: Path, family: str, characters: str) -> Path:
    """A font that has a square for each of these characters."""
    pen = TTGlyphPen(None)
    for place, point in enumerate([(0, 0), (0, 700), (700, 700), (700, 0)]):
        pen.lineTo(point) if place else pen.moveTo(point)
    pen.closePath()
    names = {character: f"u{ord(character):04X}" for character in characters}
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", *names.values()])
    font.setupCharacterMap({ord(character): name for character, name in names.items()})
    font.setupGlyf(dict.fromkeys([".notdef", *names.values()], pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (800, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": family, "styleName": "Regular"})
    font.setupOS2(usWeightClass=500)
    font.setupPost()
    font.save(file)
    return file


def draw(path: Path, name: str) -> None:
    """The name wherever a figure may hold one."""
    with drawing(path, width=COLUMN, height=50) as figure:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], label=name)
        axes.set_yticks([0, 1], [name, "b"])
        axes.set_xlabel(name)
        axes.set_title(f"{name} (n = 3)", weight="bold")
        axes.legend()


def written(path: Path) -> list[str]:
    """The texts of a figure."""
    return [unescape(text) for text in re.findall(r"<text[^>]*>(.*?)</text>", path.read_text(), re.DOTALL)]


@pytest.mark.parametrize("name", DRAWN.values(), ids=DRAWN)
def test_what_comes_with_matplotlib_draws_is_drawn_as_it_is(tmp_path, capsys, caplog, name):
    draw(tmp_path / "figure", name)
    texts = written(tmp_path / "figure.svg")
    shown = name.replace("\t", " ").replace("\x07", "")
    assert texts.count(shown) == 3
    assert f"{shown} (n = 3)" in texts
    assert (capsys.readouterr().err, caplog.records) == ("", [])


@pytest.mark.parametrize("name", UNKNOWN.values(), ids=UNKNOWN)
def test_without_a_font_a_name_is_numbered_and_said_once(tmp_path, capsys, caplog, name):
    draw(tmp_path / "figure", name)
    draw(tmp_path / "again", name)
    texts = written(tmp_path / "figure.svg")
    assert texts.count("[1]") == 3
    assert "[1] (n = 3)" in texts
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("npc: figures: no font on this machine has the characters ")
    assert name in said
    assert "install " in said
    with Image.open(tmp_path / "figure.png") as image:
        assert image.info["Description"] == f"[1] {name}"
    assert f"[1] {name}" in (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert not caplog.records


@pytest.mark.parametrize("installed", ["known", "new"])
def test_a_font_that_has_the_characters_is_found(tmp_path, capsys, caplog, monkeypatch, installed):
    name = UNKNOWN["Chinese"]
    file = made(tmp_path / "han.ttf", "Han Sans", name)
    made(tmp_path / "part.ttf", "A Part Sans", name[:3])
    if installed == "known":
        fontManager.addfont(file)
    else:
        files = [str(file), str(tmp_path / "part.ttf"), str(tmp_path / "gone.ttf")]
        monkeypatch.setattr(fonts.font_manager, "findSystemFonts", lambda: files)
    draw(tmp_path / "figure", name)
    draw(tmp_path / "again", name)
    assert written(tmp_path / "figure.svg").count(name) == 3
    assert (tmp_path / "figure.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    assert (capsys.readouterr().err, caplog.records) == ("", [])


def test_names_of_several_scripts_take_several_fonts_and_the_rest_is_numbered(tmp_path, capsys):
    fontManager.addfont(made(tmp_path / "han.ttf", "Han Sans", UNKNOWN["Chinese"]))
    fontManager.addfont(made(tmp_path / "thai.ttf", "Thai", UNKNOWN["Thai"]))
    left_out = pd.DataFrame({"centre": list(UNKNOWN.values()), "reason": "无影像"})
    kept = pd.DataFrame({"centre": [*UNKNOWN.values(), *DRAWN.values()], "split": "train"})
    write_flow(tmp_path, left_out, kept)
    texts = "".join(written(tmp_path / "figures" / "flow.svg"))
    for name in (UNKNOWN["Chinese"], UNKNOWN["Thai"]):
        assert name in texts
    said = capsys.readouterr().err
    assert "Noto Sans CJK" in said
    assert UNKNOWN["Korean"] in said
    assert json.loads((tmp_path / "results.json").read_text())["centres"]


def test_every_hospital_of_a_flow_diagram_keeps_a_label_of_its_own(tmp_path):
    centres = [f"第{number}医院" for number in "一二三四"]
    write_flow(tmp_path, pd.DataFrame(columns=["centre", "reason"]), pd.DataFrame({"centre": centres}))
    assert {"[1]", "[2]", "[3]", "[4]"} <= set(written(tmp_path / "figures" / "flow.svg"))
