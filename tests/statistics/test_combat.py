import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npc.statistics import NotEstimable
from npc.statistics.combat import combat


def test_equals_neurocombat() -> None:
    figures = json.loads((Path(__file__).parent / "combat.json").read_text())
    fitted = combat(figures["x"], figures["batch"])
    assert np.allclose(fitted.adjust(figures["x"], figures["batch"]), figures["adjusted"], rtol=1e-12, atol=0)


@given(st.integers(0, 10_000))
def test_units_of_a_feature_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, batch = rng.normal(size=(20, 4)), rng.choice(["a", "b", "c"], 20, p=[0.5, 0.4, 0.1])
    unit, origin = rng.uniform(0.1, 1000, 4), rng.normal(size=4)
    try:
        plain, scaled = combat(x, batch), combat(x * unit + origin, batch)
    except NotEstimable:
        return
    assert np.allclose(plain.adjust(x, batch) * unit + origin, scaled.adjust(x * unit + origin, batch), atol=1e-6)


def test_scanners_come_together_and_an_unknown_one_stays() -> None:
    rng = np.random.default_rng(0)
    x, batch = rng.normal(size=(400, 6)), np.repeat(["a", "b"], 200)
    x[batch == "b"] = x[batch == "b"] * 3 + rng.normal(5, 1, 6)
    fitted = combat(x, batch)
    adjusted = fitted.adjust(x, batch)
    apart = [np.abs(v[:200].mean(axis=0) - v[200:].mean(axis=0)).max() for v in (x, adjusted)]
    assert apart[1] < 0.05 * apart[0]
    assert np.allclose(adjusted[:200].std(axis=0) / adjusted[200:].std(axis=0), 1, atol=0.1)
    assert (fitted.adjust(x, np.repeat("new", 400)) == x).all()


@pytest.mark.parametrize(
    ("batch", "said"), [(["a"] * 6, "two batches"), (["a"] * 5 + ["b"], "two batches"), (list("aaabbb"), None)]
)
def test_what_can_not_be_fitted(batch: list[str], said: str | None) -> None:
    x = np.random.default_rng(0).normal(size=(6, 3))
    if said is None:
        combat(x, batch)
        with pytest.raises(NotEstimable, match="two features"):
            combat(x[:, :1], batch)
    else:
        with pytest.raises(NotEstimable, match=said):
            combat(x, batch)
