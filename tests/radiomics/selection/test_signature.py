"""The regression at the end of a chain."""

import pytest
from sklearn.metrics import roc_auc_score

from npc.radiomics.selection.signature import Signature
from npc.statistics.logistic import logistic
from tests.radiomics.selection.draws import draw


def test_the_signature_is_the_logistic_regression_of_its_features():
    x, y = draw()
    x = x.iloc[:, :3] * [1e9, 1, 1e-7]
    signature, wanted = Signature().fit(x, y), logistic(y, x)
    assert signature.coef_[0] == pytest.approx(wanted.coefficient[1:])
    assert signature.intercept_[0] == pytest.approx(wanted.coefficient[0])
    assert signature.predict_proba(x)[:, 1] == pytest.approx(wanted.probability(x))
    assert (signature.predict(x) == (wanted.probability(x) > 0.5)).all()
    assert signature.notes_ == []


def test_separated_classes_are_fitted_by_firths_likelihood():
    x, y = draw()
    x["feature_000"] = y + 0.1 * x["feature_001"]
    signature = Signature().fit(x[["feature_000"]], y)
    assert signature.notes_ == ["complete separation: fitted by Firth's penalised likelihood"]
    assert roc_auc_score(y, signature.predict_proba(x[["feature_000"]])[:, 1]) == 1
