"""Which sequences a run may read, and what cannot do without one that a patient lacks."""

from collections import Counter

from omegaconf import DictConfig

from npc.config.values import named_sequences
from npc.names import BOTH


def mask_faults(config: DictConfig) -> list[str]:
    """What cannot do without a sequence that a patient lacks."""
    if config.cohort.missing != "mask":
        return []
    if config.method in ("radiomic", "frozen"):
        return [
            f"cohort.missing=mask: method={config.method} needs every sequence of every patient; use "
            "method=deep_learning or ensemble, or cohort.missing=exclude or exclude_any"
        ]
    if config.network.size_input:
        return [
            "network.size_input=true: with cohort.missing=mask a patient may lack an outline; set "
            "network.size_input=false, or cohort.missing=exclude or exclude_any"
        ]
    return []


def sequence_faults(config: DictConfig) -> list[str]:
    """Names of `sequence` that the cohort does not have, and those that are given twice."""
    known, named = list(config.cohort.sequences), named_sequences(config)
    if config.sequence == BOTH and len(known) == 2:
        return []
    if not set(named) <= set(known):
        if len(known) == 1:
            more = f" alone; choose sequence={known[0]}"
        else:
            more = f", {BOTH}" if len(known) == 2 else f"; join some by a plus sign: {'+'.join(known[:2])}"
        return [f"sequence={config.sequence}: the cohort {config.cohort.name} has {', '.join(known)}{more}"]
    twice = [name for name, times in Counter(named).items() if times > 1]
    return [f"sequence={config.sequence}: names {', '.join(twice)} twice; name each sequence once"] if twice else []
