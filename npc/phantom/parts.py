"""The parts of a tumour that the images show, and how an option shares the aggressiveness among them."""

import re
from collections.abc import Mapping
from math import isclose

PARTS = ("size", "texture", "necrosis")
JOINT = "joint"
NAMED = {"mixed": (0.3, 0.4, 0.3), "size": (1.0, 0.0, 0.0), "texture": (0.0, 1.0, 0.0), "necrosis": (0.0, 0.0, 1.0)}


def read_shares(signal_in: str) -> Mapping[str, float] | None:
    """The share of the aggressiveness' variance that each part carries; None where all parts carry the same.

    Args:
        signal_in: `joint`, a name of `NAMED`, or shares such as `size:0.2+texture:0.8`, which sum to 1.

    Raises:
        ValueError: none of these.
    """
    if signal_in == JOINT:
        return None
    if signal_in in NAMED:
        return dict(zip(PARTS, NAMED[signal_in], strict=True))
    terms = [re.fullmatch(r"\s*(\w+)\s*:\s*([0-9.e-]+)\s*", term) for term in signal_in.split("+")]
    given = {term[1]: float(term[2]) for term in terms if term}
    are_known = len(given) == len(terms) and set(given) <= set(PARTS)
    if not are_known or min(given.values()) < 0 or not isclose(sum(given.values()), 1):
        raise ValueError(signal_in)
    return {part: given.get(part, 0.0) for part in PARTS}


def are_shares(signal_in: object) -> bool:
    """Whether `read_shares` takes a value."""
    try:
        read_shares(str(signal_in))
    except ValueError:
        return False
    return True
