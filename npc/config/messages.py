"""OmegaConf's messages in the words of a user who writes a config."""

import re

_PLAINER = (
    (r"\w+ is not a ListConfig, list or tuple", "a single value is given where a list is needed; write [a, b]"),
    (r"\w+ is not a subclass of (\w+)\. value:", r"the keys of a \1 (key: value) are needed, but the value is"),
    (r"\bTrainConfig\b|\bEvaluateConfig\b", "Config"),
    (r"\b(?!Dict|List)(\w+)Config\b", r"\1"),  # the names of our schemas, without their suffix
)


def in_plain_words(message: str) -> str:
    """A line of an error message, without names that only a programmer of npc knows."""
    for theirs, plainer in _PLAINER:
        message = re.sub(theirs, plainer, message)
    return message
