"""Reporting checklists, answered from what the run has on record; what it does not know is left to the author.

The items are in YAML files beside this module, in npc's own words. An answer is a sentence with paths in braces, such
as `{provenance.cohort}`: it is given only where every path of it is on record, and the paths are its source.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from npc.report.kit.page import Section
from npc.report.reviewer.record import Record
from npc.report.reviewer.wording import listed

NAMES = ("tripod_ai", "claim_2024", "metrics")
AUTHOR = "author to fill"
_PATH = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Sentence:
    """A part of an answer.

    Attributes:
        says: text with paths in braces.
        when: path that must be on record, or `path = value` that must be found there; None for no condition.
        unless: the same, of what must not be.
    """

    says: str
    when: str | None = None
    unless: str | None = None


@dataclass(frozen=True)
class Item:
    """An item of a checklist.

    Attributes:
        item: its number.
        section: of the checklist.
        asks: what it asks for.
        says: sentences of an answer.
        knowable: whether software can know the answer, or a part of it.
        author: what is left to the author in any case.
    """

    item: str
    section: str
    asks: str
    says: tuple[Sentence, ...] = ()
    knowable: bool = False
    author: str = ""


@dataclass(frozen=True)
class Answer:
    """An item with its answer.

    Attributes:
        item: of the checklist.
        text: sentences; empty where the author must answer.
        source: files and paths from which the values are.
    """

    item: Item
    text: str
    source: str


@dataclass(frozen=True)
class Checklist:
    """A checklist of a report.

    Attributes:
        name: of its file.
        title: as it is cited.
        citation: where it was published.
        answers: of all items, in order.
    """

    name: str
    title: str
    citation: str
    answers: tuple[Answer, ...]

    @property
    def knowable(self) -> int:
        """Items that software can know."""
        return sum(one.item.knowable for one in self.answers)

    @property
    def answered(self) -> int:
        """Of these, items with an answer."""
        return sum(bool(one.text) for one in self.answers if one.item.knowable)

    def share(self) -> str:
        """How much is answered."""
        return (
            f"{self.title}: {self.answered} of the {self.knowable} items that software can know are answered "
            f"({self.answered / self.knowable:.0%}); {len(self.answers) - self.answered} of {len(self.answers)} are "
            "for the author"
        )

    def table(self) -> pd.DataFrame:
        """A row an item."""
        return pd.DataFrame(
            {
                "item": one.item.item,
                "section": one.item.section,
                "asks": one.item.asks,
                "status": "answered" if one.text else AUTHOR,
                "answer": one.text or AUTHOR,
                "source": one.source,
                "for the author": one.item.author,
            }
            for one in self.answers
        )


def answer(record: Record) -> list[Checklist]:
    """All checklists of a report."""
    return [_answered(name, record) for name in NAMES]


def sections(checklists: Sequence[Checklist]) -> list[Section]:
    """Of the page with all answers."""
    return [Section(one.title, [one.citation, f"{one.share()}."], {"Items": one.table()}) for one in checklists]


def items(name: str) -> tuple[dict[str, Any], list[Item]]:
    """Title and citation of a checklist, and its items.

    Args:
        name: of `NAMES`.
    """
    text = (Path(__file__).parent / f"{name}.yaml").read_text(encoding="utf-8")
    content = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    found = [
        Item(**{**written, "section": section, "says": tuple(map(_sentence, written.get("says", ())))})
        for section, of in content["sections"].items()
        for written in of
    ]
    return {key: content[key] for key in ("title", "citation")}, found


def _sentence(written: str | Mapping[str, str]) -> Sentence:
    return Sentence(written) if isinstance(written, str) else Sentence(**written)


def _answered(name: str, record: Record) -> Checklist:
    head, found = items(name)
    return Checklist(name, **head, answers=tuple(_answer(item, record) for item in found))


def _answer(item: Item, record: Record) -> Answer:
    given = [one for one in item.says if _is_given(one, record)]
    paths = dict.fromkeys(path for one in given for path in _PATH.findall(one.says))
    interval = record.results["provenance"]["choices"]["report"]["ci"]
    texts = [_PATH.sub(lambda path: listed(record.find(path[1]), interval), one.says) for one in given]
    return Answer(item, " ".join(texts), "; ".join(dict.fromkeys(map(record.source, paths))))


def _is_given(sentence: Sentence, record: Record) -> bool:
    if sentence.when and not _holds(sentence.when, record):
        return False
    if sentence.unless and _holds(sentence.unless, record):
        return False
    return all(record.find(path) for path in _PATH.findall(sentence.says))


def _holds(condition: str, record: Record) -> bool:
    path, _, value = condition.partition(" = ")
    return any(not value or found == value for _, found in record.find(path))
