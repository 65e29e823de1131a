"""G-computation finds marginal effects whose truth is known."""

import numpy as np
import pytest

from npc.statistics.balance import effective_sample_size, standardised_differences
from npc.statistics.cox import cox
from npc.statistics.e_value import e_value, e_value_of_limit
from npc.statistics.rubin import pool
from npc.statistics.standardised import Standardised, difference, ratio, standardised


@pytest.fixture(scope="module")
def confounded() -> tuple[Standardised, np.ndarray, dict[float, float], float]:
    """The sicker are treated; and the truth from both potential outcomes."""
    rng = np.random.default_rng(2)
    n = 1500
    sick = rng.standard_normal(n)
    treated = (rng.random(n) < 1 / (1 + np.exp(-sick))).astype(int)
    waiting = rng.exponential(size=n)
    potential = [waiting / (0.02 * np.exp(1.2 * sick + np.log(0.5) * given)) for given in (0, 1)]
    end = rng.uniform(30, 90, n)
    came = np.where(treated == 1, potential[1], potential[0])
    time, event = np.minimum(came, end), (came <= end).astype(int)
    found = standardised(time, event, treated, sick[:, None], np.zeros(n), months=(36.0,), draws=40, seed=0)
    both = np.concatenate(potential)
    ends = np.tile(end, 2)
    given = np.repeat([0, 1], n)
    truth = cox(np.ceil(np.minimum(both, ends)), both <= ends, given).coefficient[0]
    mean = np.minimum(potential[1], 36).mean() - np.minimum(potential[0], 36).mean()
    return found, cox(time, event, treated).coefficient, {36.0: mean}, float(truth)


def test_the_marginal_hazard_ratio_is_that_of_both_potential_outcomes(confounded):
    found, naive, _, truth = confounded
    assert found.marginal[0] == pytest.approx(truth, abs=0.1)
    assert naive[0] > truth + 0.3  # without adjustment it is far from it
    one = ratio(found.marginal)
    assert one.ci[0] < np.exp(truth) < one.ci[1]
    assert one.estimate == pytest.approx(np.exp(found.marginal[0]))


def test_the_conditional_ratio_is_further_from_one(confounded):
    found, *_ = confounded
    assert found.conditional[0] == pytest.approx(np.log(0.5), abs=0.15)
    assert found.conditional[0] < found.marginal[0] < 0


def test_restricted_means_are_those_of_both_potential_outcomes(confounded):
    found, _, means, _ = confounded
    one = difference(found.means[36.0])
    assert one.ci[0] < means[36.0] < one.ci[1]
    assert one.estimate == pytest.approx(means[36.0], abs=1.0)


def test_standardised_differences_by_hand():
    x, treated = np.array([[1.0], [3.0], [2.0], [6.0]]), np.array([1, 1, 0, 0])
    assert standardised_differences(x, treated)[0] == pytest.approx(-2 / np.sqrt((1 + 4) / 2))
    assert standardised_differences(x, treated, [1, 3, 3, 1])[0] == pytest.approx(-0.5 / np.sqrt(2.5))
    assert effective_sample_size([1, 1, 2]) == pytest.approx(16 / 6)


def test_e_values_as_published():
    # VanderWeele and Ding 2017: risk ratio 3.9 (1.8 to 8.7) has 7.26, its limit 3.0; rare outcome
    assert e_value(3.9, 0.01) == pytest.approx(7.26, abs=0.005)
    assert e_value_of_limit((1.8, 8.7), 0.01) == pytest.approx(3.0, abs=0.005)
    assert e_value(1 / 3.9, 0.01) == pytest.approx(7.26, abs=0.005)
    # common outcome, hazard ratio 0.56: approximate risk ratio (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR))
    assert e_value(0.56, 0.5) < e_value(0.56, 0.01)
    assert e_value_of_limit((0.8, 1.2), 0.5) == 1


def test_rubins_rules_by_hand():
    found = pool([[1.0], [2.0], [3.0]], [[1.0], [1.0], [1.0]], complete=1e9)
    assert found.coefficient[0] == 2
    total = 1 + 4 / 3
    assert found.standard_error[0] == pytest.approx(np.sqrt(total))
    assert found.df[0] == pytest.approx(2 * (total / (4 / 3)) ** 2, rel=1e-6)
    same = pool([[1.0], [1.0]], [[0.5], [0.5]], complete=20)
    assert same.standard_error[0] == pytest.approx(0.5)
    assert same.fraction[0] == 0
