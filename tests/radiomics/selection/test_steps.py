"""What each step keeps."""

import numpy as np
import pandas as pd
import pytest

from npc.errors import InputError
from npc.radiomics.selection.steps import MRMR, Lasso, Reproducible, StepwiseAIC, Univariate
from npc.statistics.association import chi_squared_or_fisher, mann_whitney
from npc.statistics.lasso import cross_validated_lasso
from npc.statistics.mrmr import mrmr
from npc.statistics.stepwise import stepwise_aic
from tests.radiomics.selection.draws import draw


def test_features_that_change_with_the_outline_are_left_out():
    x, y = draw()
    icc = pd.Series({"feature_000": 0.9, "feature_001": 0.75, "feature_002": 0.2, "feature_003": np.nan, "other": 0.1})
    kept = Reproducible(icc).fit(x, y).get_feature_names_out()
    assert set(x) - set(kept) == {"feature_001", "feature_002", "feature_003"}
    assert set(Reproducible(dict(icc), 0.1).fit(x, y).get_feature_names_out()) == set(x) - {"feature_003"}
    assert Reproducible().fit(x, y).support_.all()
    none = Reproducible(dict.fromkeys(x, 0.5)).fit(x, y)
    assert not none.support_.any()
    assert none.notes_ == ["kept none: no feature has an ICC above 0.75"]


def test_univariate_keeps_what_differs_between_the_classes():
    x, y = draw()
    x["feature_001"] = (x["feature_001"] > 0).astype(int)
    step = Univariate().fit(x, y)
    for index, name in enumerate(x):
        if name == "feature_001":
            p = chi_squared_or_fisher(pd.crosstab(x[name], y)).p
        else:
            p = mann_whitney([x.loc[y == k, name].to_numpy() for k in (0, 1)]).p
        assert step.p_[index] == pytest.approx(p, abs=1e-12)
        assert step.support_[index] == (p < 0.05)
    assert 0 < step.support_.sum() < len(x.columns)


def test_the_steps_keep_what_their_methods_choose():
    x, y = draw(features=15)
    step = MRMR(5).fit(x, y)
    assert step.order_.tolist() == mrmr(y, x, 5)[0]
    assert set(np.flatnonzero(step.support_)) == set(step.order_)
    assert MRMR(100).fit(x, y).support_.all()
    found = cross_validated_lasso(y, x, 10, 7)
    for penalty, index in (("min", found.minimum), ("1se", found.within_one_error)):
        lasso = Lasso(10, penalty, 7).fit(x, y)
        assert (lasso.support_ == (found.path.coefficient[index] != 0)).all()
        assert lasso.penalty_ == pytest.approx(found.path.penalty[index])
    for direction in ("both", "backward"):
        aic = StepwiseAIC(direction).fit(x, y)
        assert set(np.flatnonzero(aic.support_)) == set(stepwise_aic(y, x, direction).terms)


def test_a_gap_in_a_feature_that_was_left_out_does_no_harm():
    x, y = draw(10)
    step = MRMR(2).fit(x, y)
    kept, other = x.columns[step.support_][0], x.columns[~step.support_][0]
    assert step.transform(x.assign(**{other: np.nan})).equals(step.transform(x))
    with pytest.raises(InputError, match=f"patients: {kept}"):
        step.transform(x.assign(**{kept: np.nan}))
