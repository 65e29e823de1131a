"""Choices that change the speed change the results by rounding only."""

import numpy as np
import pytest
from torch._dynamo.utils import counters

from npc.errors import InputError


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choice", "tolerance"),
    [
        ("network.channels_last=true", 1e-4),
        ("network.compile=true", 1e-4),
        ("trainer.precision=bf16-mixed", 0.04),  # eight bits of mantissa: twice the largest difference that was seen
    ],
)
def test_a_fast_choice_has_its_own_key_and_after_an_epoch_nearly_the_same_risks(trained, choice, tolerance):
    """Risks are probabilities."""
    counters.clear()
    plain, fast = (trained("trainer.max_epochs=1", *more) for more in ([], [choice]))
    assert bool(counters["frames"]["ok"]) == ("compile" in choice)
    assert plain.path != fast.path
    assert plain.weights.keys() == fast.weights.keys()
    np.testing.assert_allclose(fast.predictions["risk"], plain.predictions["risk"], rtol=0, atol=tolerance)


def test_without_a_compiler_a_compiled_run_says_what_is_missing(tiny, monkeypatch):
    from npc.run.train import train

    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(InputError, match=r"network.compile=true.*no-such-compiler.*install one"):
        train(tiny("network.compile=true", "trainer.max_epochs=1"))
