"""Terms of a regression: of separated classes with the intervals of the profile."""

import numpy as np
import pandas as pd
import pytest

from npc.prognosis.terms import profiles, terms
from npc.statistics.logistic import logistic, profile_interval, profile_p

NAMES = [("intercept", "Intercept"), ("stage", "Stage"), ("age", "Age")]


def data(*, separated: bool) -> tuple[pd.Series, pd.DataFrame]:
    rng = np.random.default_rng(2)
    label = pd.Series(rng.integers(0, 2, 60))
    stage = label * (rng.random(60) < 0.5) if separated else rng.integers(0, 2, 60)
    return label, pd.DataFrame({"stage": np.asarray(stage, float), "age": rng.normal(size=60) + label})


def test_after_separation_intervals_and_p_are_those_of_the_profile():
    label, design = data(separated=True)
    fitted = logistic(label, design)
    found = terms(fitted, NAMES, profiles(fitted, label, design))
    assert fitted.method == "Firth"
    for at, term in enumerate(found[1:]):
        assert np.log(term.ci) == pytest.approx(profile_interval(label, design, at))
        assert term.p == profile_p(label, design, at)
    _, stage, age = found
    assert stage.odds_ratio / stage.ci[0] < stage.ci[1] / stage.odds_ratio  # the data set a weak bound above
    assert stage.ci[1] > 1.5 * fitted.odds_ratio(0)[1][1]
    assert age.ci[0] < age.odds_ratio < age.ci[1]


def test_with_a_maximum_they_are_walds():
    label, design = data(separated=False)
    fitted = logistic(label, design)
    assert profiles(fitted, label, design) == ()
    found = terms(fitted, NAMES, ())
    assert [term.ci for term in found] == [None, fitted.odds_ratio(0)[1], fitted.odds_ratio(1)[1]]
    assert [term.p for term in found] == list(fitted.p)
