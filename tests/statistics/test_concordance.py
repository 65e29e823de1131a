"""Concordance against R's survival 3.5.3 (`concordance` of two `coxph` of `veteran`) and the definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.utils import concordance_index

from npc.statistics import NotEstimable
from npc.statistics.concordance import concordance
from npc.statistics.cox import cox


def test_two_models_and_their_covariance_are_those_of_r(reference):
    table = reference.data("veteran")
    time, event = table["time"], table["status"]
    models = (["karno"], ["age", "diagtime", "prior"])
    risks = np.column_stack([table[terms] @ cox(time, event, table[terms]).coefficient for terms in models])
    found = concordance(time, event, risks)
    assert found.estimate == pytest.approx([0.709279872785, 0.521637891867], abs=1e-10)
    expected = [[5.08895721336e-04, 6.33549508566e-05], [6.33549508566e-05, 8.86116715169e-04]]
    assert found.covariance == pytest.approx(np.array(expected), abs=1e-12)
    uno = concordance(time, event, risks, "uno")
    assert uno.estimate == pytest.approx([0.699336139378, 0.523766788079], abs=1e-10)
    expected = [[5.24168171829e-04, 6.13206536269e-05], [6.13206536269e-05, 8.44654730900e-04]]
    assert uno.covariance == pytest.approx(np.array(expected), abs=1e-12)


def tied(seed: int, n: int = 30) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(1, 12, n).astype(float), rng.integers(0, 2, n), rng.integers(0, 5, n).astype(float)


@given(st.integers(0, 2**32 - 1))
def test_tied_times_and_risks_are_counted_as_lifelines_and_the_definition_do(seed):
    time, event, risk = tied(seed)
    found = concordance(time, event, risk)
    concordant = pairs = 0.0
    for i, j in np.argwhere(np.outer(event == 1, np.ones(len(time)))):
        if time[i] < time[j] or (time[i] == time[j] and not event[j]):
            pairs += 1
            concordant += float(risk[i] > risk[j]) + 0.5 * float(risk[i] == risk[j])
    assert found.estimate[0] == pytest.approx(concordant / pairs)
    apart = time + np.arange(len(time)) / 1000  # lifelines counts pairs of tied events, too
    assert concordance(apart, event, risk).estimate[0] == pytest.approx(concordance_index(apart, -risk, event))


def test_without_censoring_uno_is_harrell():
    time, _, risk = tied(3)
    event = np.ones(len(time))
    assert concordance(time, event, risk, "uno").estimate == pytest.approx(concordance(time, event, risk).estimate)


def test_what_has_no_concordance_says_why():
    with pytest.raises(NotEstimable, match="there is no event"):
        concordance([1, 2], [0, 0], [1, 2])
    with pytest.raises(NotEstimable, match="no patient was followed past an event"):
        concordance([1, 2], [0, 1], [1, 2])
    perfect = concordance([1, 2, 3], [1, 1, 0], [3, 2, 1])
    assert perfect.interval().estimate == 1
    assert isinstance(perfect.interval().ci, NotEstimable)
