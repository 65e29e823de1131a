"""OmegaConf's messages use the user's terms, not the classes of npc."""

import pytest

from npc.config.messages import in_plain_words


@pytest.mark.parametrize(
    ("theirs", "plain"),
    [
        ("Key 'rl' not in 'OptimizerConfig'", "Key 'rl' not in 'Optimizer'"),
        ("Key 'sequnce' not in 'TrainConfig'", "Key 'sequnce' not in 'Config'"),
        (
            "Invalid type assigned: int is not a subclass of VariableConfig. value: 3",
            "Invalid type assigned: the keys of a Variable (key: value) are needed, but the value is 3",
        ),
        (
            "Invalid value assigned: int is not a ListConfig, list or tuple.",
            "Invalid value assigned: a single value is given where a list is needed; write [a, b].",
        ),
        (
            "PhantomCohortConfig (DictConfig) does not support deletion",
            "PhantomCohort (DictConfig) does not support deletion",
        ),
    ],
)
def test_class_names_lose_their_suffix(theirs, plain):
    assert in_plain_words(theirs) == plain
