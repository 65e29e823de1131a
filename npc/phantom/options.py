"""The phantom's options, declared once: the config, the command line and docs/cohort.md follow from this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from npc.config.fields import at_least, between, bound_faults, described, later, less_than, must_be, one_of, share
from npc.errors import InputError
from npc.phantom.parts import JOINT, NAMED, PARTS, are_shares

PUBLISHED_EXTERNAL = 45 / 233


def _key_of_config(key: str, value: object) -> str:
    return f"cohort.{key}={value}"


@dataclass(frozen=True)
class Options:
    """Make one with `Options.of`, which checks; the defaults are as published."""

    seed: int = described(at_least(0, 0), "another seed gives other patients")
    n: int = described(at_least(2, 233), "patients in all; a larger phantom begins with the same ones")
    external: int | None = described(less_than("n", None), "of them at hospital 2; unless given, 45 of each 233")
    matrix: int = described(between(16, 1024, "pixels", 64), "pixels of an image along a side")
    signal: float = described(share(1.0), "how much of its aggressiveness a tumour shows in the images; 0: nothing")
    signal_in: str = described(
        must_be(
            f"{', '.join([JOINT, *NAMED])}, or shares that sum to 1, such as size:0.2+texture:0.8", are_shares, "mixed"
        ),
        "what shows it: size, texture, necrosis, or shares of these; mixed: "
        + ", ".join(f"{share:g} {part}" for part, share in zip(PARTS, NAMED["mixed"], strict=True))
        + "; joint: each of them shows all of it",
    )
    treatment: float = described(
        between(0.05, 20, "(a hazard ratio)", 0.60),
        "hazard ratio of additional chemotherapy (IC or AC beside CCRT), at mean aggressiveness",
    )
    interaction: float = described(
        between(-2, 2, "(a log hazard ratio)", 0.0),
        "what a standard deviation of aggressiveness adds to the logarithm of that hazard ratio",
    )
    confounding: float = described(
        share(0.0), "0: treated at random; 1: by indication, the odds of treatment proportional to the hazard"
    )
    indication: str = described(
        later(one_of("hazard", "clinical", default="hazard"), keyed=True),
        "what the indication follows: hazard, which images show in part; clinical: N stage and EBV-DNA alone",
    )
    competing: float = described(between(0, 2, "deaths a year", 0.0), "hazard of death without metastasis, per year")
    readers: int = described(at_least(0, 30), "patients of hospital 1 with second contours, at most all of them")
    dice_reader1b: float = described(
        between(0.5, 1, default=0.95), "Dice of the first reader's second contour with the first"
    )
    dice_reader2: float = described(
        between(0.5, 1, default=0.90), "Dice of the second reader's contour with the first reader's first"
    )
    dates: bool = described(
        must_be("true or false", lambda value: isinstance(value, bool), False), "write dates in addition to the months"
    )
    without_t2: float = described(later(share(0.0)), "share of the patients who have no T2-weighted images, at random")

    @classmethod
    def of(cls, choices: Mapping[str, Any], named: Callable[[str, object], str] = _key_of_config) -> "Options":
        """The options with these choices, the rest as published, `external` filled in.

        Args:
            choices: by name.
            named: how a message names a choice and its value.

        Raises:
            InputError: naming every choice that does not exist or is out of range.
        """
        defaults = {item.name: item.default for item in fields(cls)}
        faults = [
            f"{named(key, value)}: no such option; the phantom has {', '.join(defaults)}"
            for key, value in choices.items()
            if key not in defaults
        ]
        values: dict[str, Any] = defaults | dict(choices)
        faults += bound_faults(cls, values, named)
        if faults:
            raise InputError(faults)
        if values["external"] is None:
            values["external"] = round(values["n"] * PUBLISHED_EXTERNAL)
        return cls(**values | {item.name: float(values[item.name]) for item in fields(cls) if item.type is float})

    @property
    def sizes(self) -> tuple[int, int]:
        """Patients of hospital 1 and of hospital 2."""
        external = self.external or 0
        return self.n - external, external
