"""A source is found by today's name and by the first one, with one run key."""

import pytest

from npc.config.key import run_key
from npc.config.sources import _FIRST_NAMES, source
from tests.config.composed import composed


@pytest.mark.parametrize(("present", "first"), _FIRST_NAMES.items())
def test_both_names_of_a_source_are_one_source_and_one_key(present, first):
    assert source(first) is source(present)
    choices = [composed().copy(), composed().copy()]
    for named, name in zip(choices, (present, first), strict=True):
        named.cohort._target_ = name
    assert run_key(choices[0]) == run_key(choices[1])
