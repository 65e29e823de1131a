"""R's survival 3.5-3, with ties: `survfit(coxph(Surv(t, fustat) ~ age + rx, ovarian), new, conf.type="log-log")`."""

import numpy as np
import pytest

from npc.statistics.baseline import baseline
from npc.statistics.cox import cox
from npc.statistics.risk_interval import hazard_variance

# `ovarian` of the package, futime rounded up to 100 days
TIME = [1, 2, 2, 5, 5, 5, 5, 5, 5, 6, 7, 8, 8, 8, 9, 9, 11, 12, 12, 13, 13, 3, 4, 4, 4, 4]
EVENT = [1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0]
AGE = [72.3315, 74.4932, 66.4658, 53.3644, 50.3397, 56.4301, 56.937, 59.8548, 64.1753, 55.1781, 56.7562, 50.1096,
       59.6301, 57.0521, 39.2712, 43.1233, 38.8932, 44.6, 53.9068, 44.2055, 59.589, 74.5041, 43.137, 63.2192, 64.4247,
       58.3096]  # fmt: skip
RX = [1, 1, 1, 2, 1, 1, 2, 2, 1, 2, 1, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 1, 1, 2, 2, 2]
X = np.column_stack([AGE, RX]).astype(float)
NEW = np.array([[50, 1], [65, 2]])
SURVIVAL = [[0.9640289238, 0.7922790874], [0.8443885334, 0.3412801933]]  # a patient a row, months 3 and 5
LOWER = [[0.7571725668, 0.4057318786], [0.5020591288, 0.0342878385]]
UPPER = [[0.9951869550, 0.9416690835], [0.9593296365, 0.7098888732]]


def test_limits_are_those_of_survfit():
    centred, new = X - X.mean(axis=0), NEW - X.mean(axis=0)
    fitted = cox(TIME, EVENT, X)
    curve = baseline(TIME, EVENT, centred @ fitted.coefficient)
    assert 1 - curve.probability(new @ fitted.coefficient, [3, 5]) == pytest.approx(np.array(SURVIVAL), abs=1e-9)
    of = hazard_variance(TIME, EVENT, centred, fitted.coefficient, [3, 5])
    low, high = of.interval(new, new @ fitted.coefficient)
    assert 1 - high == pytest.approx(np.array(LOWER), abs=1e-8)
    assert 1 - low == pytest.approx(np.array(UPPER), abs=1e-8)


def test_the_unit_of_a_covariate_changes_nothing():
    centred = X - X.mean(axis=0)
    beta = cox(TIME, EVENT, X).coefficient
    plain, scaled = (hazard_variance(TIME, EVENT, centred * by, beta / by, [5]) for by in (1.0, 1e3))
    predictor = centred @ beta
    found, expected = scaled.interval(centred * 1e3, predictor), plain.interval(centred, predictor)
    assert np.array(found) == pytest.approx(np.array(expected), rel=1e-9)
