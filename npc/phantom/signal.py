"""What a phantom's images show of a tumour, in three parts: its size, the texture of its tissue, and its necrosis."""

import re
from collections.abc import Mapping, Sequence
from math import isclose, sqrt

import numpy as np

SEQUENCES = ("cet1", "t2")
PARTS = ("size", "texture", "necrosis")
# Correlation between a part of a tumour's aggressiveness and what a sequence shows of it, at signal 1.
SHOWN = {"cet1": 0.97, "t2": 0.35}

JOINT = "joint"
NAMED = {"mixed": (0.3, 0.4, 0.3), "size": (1.0, 0.0, 0.0), "texture": (0.0, 1.0, 0.0), "necrosis": (0.0, 0.0, 1.0)}
_STREAM = 6  # other than those of the patient, images, scanners and outlines


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


def draw_signal(
    signal_in: str, signal: float, place: Sequence[int], rng: np.random.Generator
) -> tuple[float, dict[str, float]]:
    """A patient's aggressiveness and what the images show of it.

    The parts are independent and standard normal, and the aggressiveness is `sum(sqrt(share) * part)`, so that it is
    standard normal, too. A sequence shows a part as `r * part + sqrt(1 - r**2) * noise` with `r = signal * SHOWN`.
    With `joint` there is one draw for all parts, as in the phantoms of recipe 2.

    Args:
        signal_in: see `read_shares`.
        signal: 0 to 1; 0: the images show nothing.
        place: seed, hospital and number of the patient.
        rng: of the patient; the same number of draws is taken for any `signal_in`, so that age, stage and all else do
            not depend on it.

    Returns:
        The aggressiveness; and by column of `truth.csv` the parts (`size_part`), each part as a sequence shows it
        (`cet1_size_shown`), and the aggressiveness as a sequence shows it (`cet1_shown`). All are standardised.
    """
    shares = read_shares(signal_in)
    aggressiveness, *noise = rng.standard_normal(1 + len(SEQUENCES))
    parts = dict.fromkeys(PARTS, aggressiveness)
    noises = {sequence: dict.fromkeys(PARTS, draw) for sequence, draw in zip(SEQUENCES, noise, strict=True)}
    if shares is not None:
        draws = np.random.default_rng([*place, _STREAM]).standard_normal((1 + len(SEQUENCES), len(PARTS)))
        parts = dict(zip(PARTS, draws[0], strict=True))
        noises = {s: dict(zip(PARTS, row, strict=True)) for s, row in zip(SEQUENCES, draws[1:], strict=True)}
    weights = {part: sqrt(share) for part, share in (shares or {PARTS[0]: 1.0}).items()}
    shown = {}
    for sequence in SEQUENCES:
        r = signal * SHOWN[sequence]
        by_part = {part: r * parts[part] + sqrt(1 - r**2) * noises[sequence][part] for part in PARTS}
        shown[f"{sequence}_shown"] = sum(weight * by_part[part] for part, weight in weights.items())
        shown |= {f"{sequence}_{part}_shown": value for part, value in by_part.items()}
    aggressiveness = sum(weight * parts[part] for part, weight in weights.items())
    return aggressiveness, {f"{part}_part": value for part, value in parts.items()} | shown


def best_score(shown: Mapping[str, np.ndarray], signal: float) -> np.ndarray:
    """The best possible score of the aggressiveness, or of a part of it, given the images: its expectation.

    Given `r * value + sqrt(1 - r**2) * noise` of each sequence, with independent noise, the expectation of the value is
    proportional to `sum(r * shown / (1 - r**2))`.

    Args:
        shown: what each of the used sequences shows, arrays of shape (patients,).
        signal: of the cohort; at 0 every score is 0.
    """
    correlation = {sequence: signal * SHOWN[sequence] for sequence in shown}
    return sum((r / (1 - r**2) * shown[s] for s, r in correlation.items()), start=np.zeros(1))
