"""What can be chosen about a phantom, and what each choice may be."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from npc.errors import InputError

PUBLISHED_EXTERNAL = 45 / 233
_SHARE = ("must be between 0 and 1", lambda value: 0 <= value <= 1)
_DICE = ("must be between 0.5 and 1", lambda value: 0.5 <= value <= 1)
_RULES = {
    "seed": ("must be 0 or more", lambda value: value >= 0),
    "n": ("a phantom needs at least 2 patients", lambda value: value >= 2),
    "matrix": ("must be between 16 and 1024 pixels", lambda value: 16 <= value <= 1024),
    "signal": _SHARE,
    "treatment": ("a hazard ratio must be between 0.05 and 20", lambda value: 0.05 <= value <= 20),
    "interaction": ("a log hazard ratio must be between -2 and 2", lambda value: -2 <= value <= 2),
    "confounding": _SHARE,
    "competing": ("deaths a year must be between 0 and 2", lambda value: 0 <= value <= 2),
    "readers": ("must be 0 patients or more", lambda value: value >= 0),
    "dice_reader1b": _DICE,
    "dice_reader2": _DICE,
    "dates": ("must be true or false", lambda value: isinstance(value, bool)),
}


def _key_of_config(key: str, value: object) -> str:
    return f"cohort.{key}={value}"


@dataclass(frozen=True)
class Options:
    """Make one with `Options.of`, which checks.

    Attributes:
        seed: another seed gives other patients.
        n: patients in all.
        external: of them at hospital 2; None is the paper's share.
        matrix: pixels of an image along a side.
        signal: 0 to 1; how much of their aggressiveness the tumours show in the pictures.
        treatment: hazard ratio of additional chemotherapy (IC or AC beside CCRT), at mean aggressiveness.
        interaction: what a standard deviation of aggressiveness adds to its logarithm.
        confounding: 0 assigns the treatment at random, 1 by indication: its odds are proportional to the hazard.
        competing: hazard of death without metastasis, a year.
        readers: patients of hospital 1 with second outlines, at most all of them.
        dice_reader1b: agreement of the first reader's second outline with the first.
        dice_reader2: agreement of the second reader's outline with the first's first.
        dates: whether the table has dates beside the months; who edits its outcomes is then told of contradictions.
    """

    seed: int = 0
    n: int = 233
    external: int | None = None
    matrix: int = 64
    signal: float = 1.0
    treatment: float = 0.60
    interaction: float = 0.0
    confounding: float = 0.0
    competing: float = 0.0
    readers: int = 30
    dice_reader1b: float = 0.95
    dice_reader2: float = 0.90
    dates: bool = False

    @classmethod
    def of(cls, choices: Mapping[str, Any], called: Callable[[str, object], str] = _key_of_config) -> "Options":
        """The options with these choices, the rest as published, `external` filled in.

        Args:
            choices: by name.
            called: how a message names a choice and its value.

        Raises:
            InputError: naming every choice that there is not, or that is out of range.
        """
        known = {item.name: item for item in fields(cls)}
        faults = [
            f"{called(key, value)}: no such option; the phantom has {', '.join(known)}"
            for key, value in choices.items()
            if key not in known
        ]
        values: dict[str, Any] = {key: choices.get(key, item.default) for key, item in known.items()}
        if values["external"] is None:
            values["external"] = max(round(values["n"] * PUBLISHED_EXTERNAL), 0)
        most = values["n"] - 1
        rules = _RULES | {
            "external": (f"must be between 0 and n - 1 = {most}", lambda value: 0 <= value <= max(most, 0))
        }
        faults += [
            f"{called(key, value)}: {rules[key][0]}"
            for key, value in values.items()
            if not math.isfinite(value) or not rules[key][1](value)
        ]
        if faults:
            raise InputError(faults)
        return cls(**values | {key: float(value) for key, value in values.items() if known[key].type is float})

    @property
    def sizes(self) -> tuple[int, int]:
        """Patients of hospital 1 and of hospital 2."""
        external = self.external or 0
        return self.n - external, external
