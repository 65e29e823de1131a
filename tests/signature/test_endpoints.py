"""Losses against lifelines, scikit-learn and the definition."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter
from sklearn.metrics import log_loss

from npc.signature.endpoints import Binary, Cox, Hazard, Outcome, hazard_cuts

rng = np.random.default_rng(7)
N = 80
X = rng.standard_normal(N)
TIME = np.ceil(rng.exponential(30, N))  # months with ties
EVENT = rng.integers(0, 2, N)


def outcome(time=TIME, event=EVENT, label=EVENT) -> Outcome:
    return Outcome(torch.tensor(label), torch.tensor(time), torch.tensor(event))


def test_binary_is_cross_entropy():
    output = torch.tensor(X)[:, None]
    risk = Binary().risk(output).numpy()
    assert Binary().loss(output, outcome()).item() == pytest.approx(log_loss(EVENT, risk), abs=1e-12)
    weighted = log_loss(EVENT, risk, sample_weight=np.where(EVENT == 1, 3.0, 1.0), normalize=False) / N
    assert Binary(event_weight=3).loss(output, outcome()).item() == pytest.approx(weighted, abs=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
def test_smoothing_is_torchs_label_smoothing(smoothing: float):
    """Of a softmax over two classes whose logits are 0 and the output."""
    output = torch.tensor(X)[:, None]
    two = torch.cat([torch.zeros_like(output), output], dim=1)
    expected = torch.nn.functional.cross_entropy(two, torch.tensor(EVENT), label_smoothing=smoothing)
    assert Binary(smoothing=smoothing).loss(output, outcome()).item() == pytest.approx(expected.item(), abs=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.7])
def test_cox_is_the_partial_likelihood_of_lifelines(beta: float):
    table = pd.DataFrame({"x": X, "time": TIME, "event": EVENT})
    fitter = CoxPHFitter().fit(table, "time", "event")
    best = fitter.params_["x"]

    def loss(coefficient: float) -> float:
        return Cox().loss(torch.tensor(coefficient * X)[:, None], outcome()).item() * EVENT.sum()

    # Efron's ties in both; lifelines centres x, which does not change the partial likelihood
    assert loss(best) == pytest.approx(-fitter.log_likelihood_, rel=1e-8)
    assert loss(best) <= loss(beta)


def test_the_cox_loss_of_a_batch_without_an_event_is_zero():
    output = torch.randn(4, 1, requires_grad=True)
    loss = Cox().loss(output, outcome(TIME[:4], np.zeros(4, int), np.zeros(4, int)))
    loss.backward()
    assert loss.item() == 0
    assert not output.grad.any()


def test_the_hazard_likelihood_is_the_product_over_the_intervals():
    endpoint = Hazard((10.0, 20.0, 40.0))
    output = torch.tensor([[0.1, -0.4, 0.9]], dtype=torch.float64)
    h = 1 / (1 + np.exp(-output.numpy()[0]))
    cases = {  # month, event: likelihood
        (5.0, 1): h[0],
        (5.0, 0): 1,
        (10.0, 1): (1 - h[0]) * h[1],
        (15.0, 0): 1 - h[0],
        (25.0, 1): (1 - h[0]) * (1 - h[1]) * h[2],
        (60.0, 0): (1 - h[0]) * (1 - h[1]) * (1 - h[2]),
        (60.0, 1): (1 - h[0]) * (1 - h[1]) * (1 - h[2]),
    }
    for (month, event), likelihood in cases.items():
        seen = endpoint.loss(output, outcome([month], [event], [event])).item()
        assert seen == pytest.approx(-np.log(likelihood), abs=1e-12)
    assert endpoint.risk(output).item() == pytest.approx(1 - np.prod(1 - h), abs=1e-12)


@given(st.lists(st.floats(0.1, 200), min_size=2, max_size=50), st.integers(1, 10))
@example([1.0, 1.0 + 1e-9, 1.0 + 2e-9, 2.0], 3)  # the first three are one month in the precision of a batch
@settings(deadline=None)
def test_cuts_divide_the_events_evenly_and_cover_the_last(months: list[float], intervals: int):
    cuts = hazard_cuts(months, [1] * len(months), intervals)
    assert list(cuts) == sorted(set(cuts))
    assert 1 <= len(cuts) <= intervals
    assert cuts[-1] > np.float32(max(months))
    assert (
        hazard_cuts([*months, 500.0], [1] * len(months) + [0], intervals) == cuts
    )  # censored patients have no influence


def test_the_optimal_hazards_are_those_of_the_life_table():
    """Without covariates the maximum likelihood is events / at risk in each interval."""
    endpoint = Hazard(hazard_cuts(TIME, EVENT, 4))
    output = torch.zeros(1, endpoint.outputs, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([output], max_iter=200, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = endpoint.loss(output.expand(N, -1), outcome())
        loss.backward()
        return loss

    optimizer.step(closure)
    start = 0.0
    for k, end in enumerate(endpoint.cuts):
        events = ((start <= TIME) & (end > TIME) & (EVENT == 1)).sum()
        at_risk = events + (end <= TIME).sum()
        assert torch.sigmoid(output[0, k]).item() == pytest.approx(events / at_risk, abs=1e-5)
        start = end
