"""The result of a check."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Check:
    """What was found, and what to do about it.

    Attributes:
        name: of what was checked.
        state: `ok`; `note`, something that only some commands need is absent; `fault`, npc does not work.
        found: on this machine.
        remedy: what to do; empty where nothing is to be done.
    """

    name: str
    state: Literal["ok", "note", "fault"]
    found: str
    remedy: str = ""
