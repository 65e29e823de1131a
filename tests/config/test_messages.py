"""Messages of OmegaConf name what a user knows, not the classes of npc."""

import pytest

from npc.config.messages import in_plain_words


@pytest.mark.parametrize(
    ("theirs", "plain"),
    [
        ("Key 'rl' not in 'OptimizerConfig'", "Key 'rl' not in 'Optimizer'"),
        ("Key 'sequnce' not in 'TrainConfig'", "Key 'sequnce' not in 'Config'"),
        (
            "Invalid type assigned: int is not a subclass of VariableConfig. value: 3",
            "Invalid type assigned: where the keys of a Variable belong (key: value) stands 3",
        ),
        (
            "Invalid value assigned: int is not a ListConfig, list or tuple.",
            "Invalid value assigned: one value stands where a list belongs; write [a, b].",
        ),
        (
            "PhantomCohortConfig (DictConfig) does not support deletion",
            "PhantomCohort (DictConfig) does not support deletion",
        ),
    ],
)
def test_class_names_lose_their_suffix(theirs, plain):
    assert in_plain_words(theirs) == plain
