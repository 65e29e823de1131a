"""DeLong against pROC 1.18.0 and against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from npc.statistics import NotEstimable
from npc.statistics.bootstrap import auc_interval
from npc.statistics.delong import auc, delong

MARKERS = ["s100b", "ndka", "wfns"]


def brute_force(label: np.ndarray, risks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """AUCs and covariance as DeLong et al. define them: every pair compared."""
    cases, controls = risks[label == 1], risks[label == 0]
    won = (cases[:, None] > controls[None]) + 0.5 * (cases[:, None] == controls[None])
    by_case, by_control = won.mean(axis=1), won.mean(axis=0)

    def covariance(parts: np.ndarray) -> np.ndarray:
        centred = parts - parts.mean(axis=0)
        return centred.T @ centred / (len(parts) - 1) / len(parts)

    return won.mean(axis=(0, 1)), covariance(by_case) + covariance(by_control)


def test_auc_variance_and_interval_are_those_of_proc(reference):
    expected, table = reference.figures("roc_delong")["single"], reference.data("asah")
    found = delong(table["outcome"], table[MARKERS])
    for i, marker in enumerate(MARKERS):
        assert found.auc[i] == pytest.approx(expected[marker]["auc"], abs=1e-12)
        assert found.covariance[i, i] == pytest.approx(expected[marker]["var"], abs=1e-12)
        assert found.interval(i) == pytest.approx(expected[marker]["ci"], abs=1e-12)


def test_paired_tests_are_those_of_proc(reference):
    expected, table = reference.figures("roc_delong")["paired"], reference.data("asah")
    found = delong(table["outcome"], table[MARKERS])
    for pair, figures in expected.items():
        i, j = (MARKERS.index(marker) for marker in pair.split("_"))
        test = found.compare(i, j)
        assert (test.z, test.p) == pytest.approx((figures["z"], figures["p"]), abs=1e-12)
        assert found.covariance[i, j] == pytest.approx(figures["cov"], abs=1e-12)
        back = found.compare(j, i)
        assert (back.z, back.p) == pytest.approx((-figures["z"], figures["p"]), abs=1e-12)


@pytest.mark.slow
def test_the_fast_way_equals_the_definition_on_a_thousand_tied_cases():
    rng = np.random.default_rng(20)
    apart = 0.0
    for _ in range(1_000):
        n = rng.integers(4, 14)
        label = rng.permutation(np.append([0, 0, 1, 1], rng.integers(0, 2, n - 4)))
        risks = rng.integers(0, rng.integers(2, 6), (n, 2)).astype(float)
        found = delong(label, risks)
        expected = brute_force(label, risks)
        apart = max(apart, np.abs(found.auc - expected[0]).max(), np.abs(found.covariance - expected[1]).max())
    assert apart < 1e-13


@given(st.integers(0, 2**32 - 1))
def test_higher_is_worse_and_the_data_never_turn_it_round(seed):
    rng = np.random.default_rng(seed)
    label, risk = np.append([0, 1], rng.integers(0, 2, 20)), rng.normal(size=22).round(1)
    assert auc(label, risk) == pytest.approx(roc_auc_score(label, risk), abs=1e-12)
    assert auc(label, -risk) == pytest.approx(1 - auc(label, risk), abs=1e-12)
    assert auc(label, np.exp(risk)) == auc(label, risk)


@pytest.mark.parametrize(("risk", "value"), [([1, 2, 3, 4], 1), ([3, 4, 1, 2], 0), ([5, 5, 5, 5], 0.5)])
def test_an_auc_without_variance_has_no_interval(risk, value):
    label = [0, 0, 1, 1]
    found = delong(label, risk)
    assert found.auc[0] == value
    for limits in (found.interval, found.logit_interval, lambda: auc_interval(label, risk)):
        with pytest.raises(NotEstimable, match=f"AUC .*{value}"):
            limits()


def test_the_logit_interval_stays_within_0_and_1_and_holds_the_auc():
    label, risk = [0] * 5 + [1] * 3, [1, 2, 3, 4, 6, 5, 7, 8]
    found = delong(label, risk)
    low, high = found.logit_interval()
    assert 0 < low < found.auc[0] < high < 1
    assert found.interval()[1] == 1


def test_the_same_risk_twice_does_not_differ():
    test = delong([0, 0, 1, 1], np.transpose([[1, 3, 2, 4]] * 2)).compare(0, 1)
    assert (test.difference, test.z, test.p) == (0, 0, 1)


def test_two_neighbours_that_change_places_among_many_are_a_difference():
    """By hand: two AUC components differ, by 1 / controls and by 1 / cases."""
    cases, controls = 3000, 7000
    label = np.repeat([0, 1], [controls, cases])
    risk = np.random.default_rng(0).permutation(10_000).astype(float)
    other = risk.copy()
    above = next(i for i in np.argsort(risk)[:-1] if label[i] == 0 and label[risk == risk[i] + 1][0] == 1)
    other[[above, np.flatnonzero(risk == risk[above] + 1)[0]]] += [1, -1]
    test = delong(label, np.transpose([risk, other])).compare(0, 1)
    variance = 1 / (controls * cases) ** 2 * (1 - 1 / cases) * cases / (cases - 1)
    variance += 1 / (controls * cases) ** 2 * (1 - 1 / controls) * controls / (controls - 1)
    assert test.difference == pytest.approx(1 / (cases * controls), rel=1e-6)
    assert test.z == pytest.approx(1 / (cases * controls) / variance**0.5, rel=1e-3)


def test_undefined_cases_say_why():
    with pytest.raises(NotEstimable, match="0 of 3 patients have the event"):
        auc([0, 0, 0], [1, 2, 3])
    with pytest.raises(NotEstimable, match="no variance"):
        delong([0, 0, 1], [1, 2, 3]).interval()
    with pytest.raises(NotEstimable, match="one patient"):
        auc_interval([0, 0, 1], [1, 2, 3])


def test_input_that_cannot_be_is_refused_and_its_place_told():
    with pytest.raises(ValueError, match="risk is not finite at index 2"):
        delong([0, 1, 1], [[1, 2], [2, 3], [np.nan, 1]])
    with pytest.raises(ValueError, match="neither 0 nor 1 at index 1"):
        auc([0, 2], [1, 2])
    with pytest.raises(ValueError, match="shape"):
        auc([0, 1, 1], [1, 2])
    with pytest.raises(ValueError, match="shape"):
        auc([0, 1], [[1, 2], [3, 4]])


def test_the_bootstrap_interval_is_near_the_analytic_one_and_comes_again():
    rng = np.random.default_rng(1)
    label = np.repeat([0, 1], [300, 200])
    risk = (label + rng.normal(size=500)).round(1)
    found = auc_interval(label, risk, seed=3)
    assert found == pytest.approx(delong(label, risk).interval(), abs=0.006)
    assert found == auc_interval(label, risk, seed=3)
    assert found != auc_interval(label, risk, seed=4)
