"""Names in any script in a figure: fonts that have their characters, and a number for a name that no font can draw."""

import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontEntry, fontManager
from matplotlib.text import Text

FAMILY = "DejaVu Sans"  # comes with matplotlib: the same letters on every machine; Latin, Greek, Cyrillic, Arabic, ...
REGULAR, BOLD = 400, 700  # weights
_ASCII = set("\n") | set(map(chr, range(32, 127)))
_PLACEHOLDERS = ("Last Resort High-Efficiency",)  # draws a box for any character; comes with matplotlib
_EAST_ASIAN = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO")
_reported: set[str] = set()  # names, so that a command with many figures reports each once


def fit(figure: Figure) -> str | None:
    """Sets the fonts of all texts that have characters which `FAMILY` lacks.

    Where no font of this machine has them, a number such as `[1]` is drawn in their place, and a sentence on stderr
    says so.

    Args:
        figure: complete, but not drawn yet.

    Returns:
        what the numbers stand for; None where there are none.
    """
    axes = [axis for of in figure.findobj(Axes) for axis in (of.xaxis, of.yaxis)]
    for axis in axes:
        axis.get_ticklabels()  # before this call the texts of the ticks are empty
    texts = [text for text in figure.findobj(Text) if _lacking(text.get_text())]
    if not texts:
        return None
    families, absent = _families({character for text in texts for character in _lacking(text.get_text())})
    names = _Names(absent)
    for axis in axes:
        labels = [label.get_text() for label in axis.get_ticklabels()]
        if (drawable := [names.drawable(label) for label in labels]) != labels:
            axis.set_ticklabels(drawable)
    for text in texts:
        text.set_fontfamily([FAMILY, *families])
        text.set_text(names.drawable(text.get_text()))
    _report(names.numbers, absent)
    return "; ".join(f"[{number}] {name}" for name, number in names.numbers.items()) or None


class _Names:
    """Numbers for what can't be drawn: from the first character of a text that no font has to the last.

    Args:
        absent: characters that no font has.
    """

    def __init__(self, absent: set[str]) -> None:
        self.absent = absent
        self.numbers: dict[str, int] = {}

    def drawable(self, text: str) -> str:
        """The text, with a number in place of what can't be drawn."""
        text = "".join(_shown(character) if _lacking(character) else character for character in text)
        places = [place for place, character in enumerate(text) if character in self.absent]
        if not places:
            return text
        first, last = places[0], places[-1] + 1
        name = text[first:last].replace("\n", "")  # of lines that were broken to fit
        number = self.numbers.setdefault(name, len(self.numbers) + 1)
        return f"{text[:first]}[{number}]{text[last:]}"


def _shown(character: str) -> str:
    """A character that needs a glyph; a tab is a space, and a mark without width is nothing."""
    if character.isspace():
        return " "
    without_width = unicodedata.category(character) in ("Cc", "Cf") or _script(character) == "VARIATION"
    return "" if without_width else character


def _lacking(text: str) -> set[str]:
    """Characters that `FAMILY` has no glyph for."""
    characters = set(text) - _ASCII
    return characters - _having(font_manager.findfont(FAMILY), characters) if characters else characters


def _families(characters: set[str]) -> tuple[list[str], set[str]]:
    """As few families as have these characters, and the characters that none has."""
    missing = {character for character in characters if _shown(character) == character}
    if missing:
        _add_new_fonts()
    upright = [entry for entry in fontManager.ttflist if entry.style == "normal" and entry.name not in _PLACEHOLDERS]
    regular = {entry.name: entry for entry in sorted(upright, key=lambda entry: -abs(_weight(entry) - REGULAR))}
    having = {name: _having(entry.fname, missing) for name, entry in regular.items() if missing}
    found: list[str] = []
    while missing:
        best = max(having, key=lambda name: (len(having[name] & missing), "Sans" in name, name))
        if not having[best] & missing:
            break
        found.append(best)
        missing = missing - having[best]
    for name in found:
        weights = {_weight(entry) for entry in upright if entry.name == name}
        # or matplotlib logs for each text that the family has no such weight
        fontManager.ttflist += [replace(regular[name], weight=weight) for weight in {REGULAR, BOLD} - weights]
    return found, missing


def _weight(entry: FontEntry) -> int:
    return entry.weight if isinstance(entry.weight, int) else font_manager.weight_dict[entry.weight]


def _having(file: str, characters: set[str]) -> set[str]:
    """Of these characters, those that a font file has."""
    try:
        font = font_manager.get_font(file)
    except (OSError, RuntimeError, ValueError):  # a file that is gone or broken
        return set()
    return {character for character in characters if font.get_char_index(ord(character))}


def _add_new_fonts() -> None:
    """Those installed after matplotlib made its list, which it keeps in a file for all later processes."""
    known = {entry.fname for entry in fontManager.ttflist}
    for file in font_manager.findSystemFonts():
        if file not in known:
            try:
                fontManager.addfont(file)
            except (OSError, RuntimeError, ValueError, NotImplementedError):  # not a font, or one of bitmaps
                continue


def _report(names: Iterable[str], absent: set[str]) -> None:
    """Says once of each name that it can't be drawn, and which font to install."""
    new = [name for name in names if name not in _reported]
    if not new:
        return
    _reported.update(new)
    scripts = {_script(character) for name in new for character in name if character in absent}
    fonts = []
    if scripts & set(_EAST_ASIAN):
        fonts.append("Noto Sans CJK (Debian, Ubuntu: fonts-noto-cjk)")
    if others := sorted(script.lower() for script in scripts - set(_EAST_ASIAN)):
        fonts.append(f"a Noto font for {', '.join(others)} (Debian, Ubuntu: fonts-noto)")
    characters = sorted({character for name in new for character in name} & absent)
    shown = "".join(characters[:20]) + "..." * (len(characters) > 20)
    print(
        f"npc: figures: no font on this machine has the characters {shown}, so a number such as [1] stands for "
        f"{', '.join(new[:3])}{', ...' * (len(new) > 3)} (the description in the figure's file names each); install "
        f"{' and '.join(fonts)}, or copy its file to ~/.local/share/fonts, and give the command again",
        file=sys.stderr,
    )


def _script(character: str) -> str:
    """The first word of a character's Unicode name: `CJK`, `THAI`, `DEVANAGARI`."""
    return unicodedata.name(character, "UNKNOWN").split()[0]
