"""What a phantom's images show of a tumour, in three parts: its size, the texture of its tissue, and its necrosis."""

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np

from npc.phantom.parts import PARTS, read_shares

SEQUENCES = ("cet1", "t2")
# Correlation between a part of a tumour's aggressiveness and what a sequence shows of it, at signal 1.
SHOWN = {"cet1": 0.97, "t2": 0.35}

_STREAM = 6  # other than those of the patient, images, scanners and outlines


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
