"""Properties of every step and of the signature: how they report the faults of poor data."""

import numpy as np
import pytest
from sklearn.base import clone

from npc.errors import InputError
from npc.radiomics.selection.signature import Signature
from npc.statistics import NotEstimable
from tests.radiomics.selection.draws import STEPS, draw


def test_a_single_class_is_reported():
    x, y = draw()
    for step in [*STEPS, Signature()]:
        with pytest.raises(NotEstimable, match="one class"):
            clone(step).fit(x, np.zeros_like(y))


@pytest.mark.parametrize("step", STEPS)
def test_features_that_do_not_vary_are_skipped(step):
    x, y = draw()
    wider = x.assign(constant=0.1, feature_zero=0)
    assert set(clone(step).fit(wider, y).get_feature_names_out()) == set(clone(step).fit(x, y).get_feature_names_out())
    alone = clone(step).fit(wider[["constant"]], y)
    assert alone.notes_ == ["kept none: no input feature varies"]
    assert alone.transform(wider[["constant"]]).shape == (len(y), 0)
    assert Signature().fit(wider[["constant"]], y).predict_proba(wider[["constant"]])[0, 1] == pytest.approx(y.mean())


@pytest.mark.parametrize("step", [*STEPS, Signature()])
def test_gaps_and_text_are_reported_by_the_feature_name(step):
    x, y = draw()
    gaps = x.assign(feature_004=x["feature_004"].where(x.index != 3), feature_007=np.inf)
    with pytest.raises(InputError, match=r"not finite in 150 of 150 patients: feature_004, feature_007; leave out"):
        clone(step).fit(gaps, y)
    with pytest.raises(InputError, match=r"not finite in 150 of 150 patients: x4, x7"):
        clone(step).fit(gaps.to_numpy(), y)
    with pytest.raises(InputError, match="no numbers in scanner"):
        clone(step).fit(x.assign(scanner="A"), y)
    with pytest.raises(InputError, match="0 or 1"):
        clone(step).fit(x, y + 1)
