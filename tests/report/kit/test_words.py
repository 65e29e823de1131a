"""Numbers as they are printed."""

import pytest

from npc.prognosis.discrimination import AucResult
from npc.report.kit import words
from npc.statistics import NotEstimable


@pytest.mark.parametrize(
    ("p", "printed"),
    [
        (None, "not estimable"),
        (0.0004, "<0.001"),
        (0.0005, "0.001"),
        (0.25, "0.250"),
        (0.9994, "0.999"),
        (0.9995, ">0.999"),
        (1.0, ">0.999"),
    ],
)
def test_p_values(p, printed):
    assert words.p_value(p) == printed


def test_p_values_in_sentences():
    assert [words.p_in_text(p) for p in (0.0001, 0.25, 1.0, None)] == [
        "P < 0.001", "P = 0.250", "P > 0.999", "P not estimable"
    ]  # fmt: skip


def test_a_percentage_has_no_digit_that_is_less_than_a_patient():
    assert [words.share(*of) for of in ((98, 169), (11, 19), (0, 19))] == ["98 (58.0%)", "11 (58%)", "0"]
    assert [words.share(58, n) for n in (100, 101)] == ["58 (58%)", "58 (57.4%)"]


def test_intervals():
    assert words.with_interval(0.5, (0.25, 1.0)) == "0.500 (0.250–1.000)"
    assert words.with_interval(-1.0, (-2.0, 0.5), 1) == "-1.0 (-2.0 to 0.5)"
    assert words.with_interval(9.0, (1.0, float("inf")), 1) == "9.0 (1.0–∞)"
    assert words.with_interval(None, None) == "not estimable"


def test_numbers_without_bound_are_short():
    assert words.with_interval(576.2, (17.84, 18646.4), 2) == "576.20 (17.84 to >1000)"
    assert words.with_interval(2e38, (4.5, 8e300), 2) == ">1000 (4.50 to >1000)"
    assert words.with_interval(-4.0, (-2e9, 1.0), 1) == "-4.0 (<-1000 to 1.0)"
    assert words.with_interval(1000.0, (999.5, 1000.0), 1) == "1000.0 (999.5–1000.0)"
    assert words.number(123456789e30) == "1.235e+38"
    assert words.number(4321.5) == "4321.500"


def test_an_auc_is_printed_with_the_interval_that_is_asked_for():
    limits = {"delong": (0.6, 0.8), "logit": (0.61, 0.79), "bootstrap": NotEstimable("one patient")}
    found = AucResult(0.7, limits, 9, 4)
    assert words.auc(found, "logit") == "0.700 (0.610–0.790)"
    assert words.auc(found, "bootstrap") == "0.700 (not estimable)"
    assert words.auc(AucResult(NotEstimable("one class"), {}, 9, 0), "delong") == "not estimable"
