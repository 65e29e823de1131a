"""Choices that change the speed change the results by rounding only."""

from collections.abc import Callable

import numpy as np
import pytest
from torch._dynamo.utils import counters

from npc.errors import InputError
from npc.prognosis.choice import Choice, choose
from npc.prognosis.runs import finished_runs
from npc.run.train import train
from tests.signature.tiny_runs import Shared

TOLERANCE = {
    "network.channels_last=true": 1e-4,
    "network.compile=true": 1e-4,
    "trainer.precision=bf16-mixed": 0.04,  # eight bits of mantissa: twice the largest difference that was seen
}


@pytest.mark.slow
@pytest.mark.parametrize(("choice", "tolerance"), TOLERANCE.items())
def test_a_fast_choice_has_its_own_key_and_after_an_epoch_nearly_the_same_risks(trained, choice, tolerance):
    """Risks are probabilities."""
    counters.clear()
    plain, fast = (trained("trainer.max_epochs=1", *more) for more in ([], [choice]))
    assert bool(counters["frames"]["ok"]) == ("compile" in choice)
    assert plain.path != fast.path
    assert plain.weights.keys() == fast.weights.keys()
    np.testing.assert_allclose(fast.predictions["risk"], plain.predictions["risk"], rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def grid(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Choice]:
    """Trains with two learning rates, and chooses as the report does."""

    def trained_and_chosen(*choice: str) -> Choice:
        runs = tmp_path_factory.mktemp("grid")
        for rate in (0.02, 0.0001):
            train(shared.compose(runs, "trainer.max_epochs=2", f"optimizer.lr={rate}", *choice))
        return choose(finished_runs(runs, "phantom")[0])

    return trained_and_chosen


@pytest.fixture(scope="module")
def plain(grid: Callable[..., Choice]) -> Choice:
    return grid()


@pytest.mark.slow
@pytest.mark.parametrize("choice", TOLERANCE)
def test_of_a_grid_a_fast_choice_chooses_the_same_run(plain, grid, choice):
    """By the AUC of the internal validation cohort, then the loss."""
    fast = grid(choice)
    chosen, rival = sorted(plain.runs, key=lambda run: run is not plain.lead)
    assert chosen.auc > rival.auc + 0.05  # so that rounding alone does not decide
    assert fast.lead.config()["optimizer"] == chosen.config()["optimizer"]
    assert fast.lead.loss == pytest.approx(chosen.loss, abs=TOLERANCE[choice])


def test_without_a_compiler_a_compiled_run_says_what_is_missing(tiny, monkeypatch):
    from npc.run.train import train

    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(InputError, match=r"network.compile=true.*no-such-compiler.*install one"):
        train(tiny("network.compile=true", "trainer.max_epochs=1"))
