"""The external validation that Giardiello et al. print, and the same by R's survival 3.5.3 to more digits."""

import numpy as np
import pytest
from statsmodels.duration.hazard_regression import PHReg

from npc.statistics.baseline import baseline
from npc.statistics.brier import brier
from npc.statistics.concordance import concordance
from npc.statistics.net_benefit import net_benefit
from npc.statistics.spline import restricted_cubic_spline
from npc.statistics.survival_calibration import (
    calibration_intercept,
    calibration_slope,
    distances,
    log_log,
    observed_expected,
    smoothed,
)
from npc.statistics.time_dependent_auc import time_dependent_auc
from tests.statistics.rotterdam import YEARS, Validation, validation


@pytest.fixture(scope="module")
def gbsg(reference) -> Validation:
    return validation(reference.data("rotterdam"), reference.data("gbsg"))


def test_coefficients_and_mean_risk_are_those_of_r(gbsg):
    expected = [0.3418422896, 0.5735549074, 0.3039651182, -0.8111669351, 0.3617100718]
    assert gbsg.coefficient == pytest.approx(expected, abs=1e-7)
    assert gbsg.probability(YEARS).mean() == pytest.approx(0.4996658494, abs=1e-8)


@pytest.mark.parametrize(
    ("weighting", "printed", "estimate", "error"),
    [("harrell", 0.652, 0.6524007561, 0.01671689663), ("uno", 0.635, 0.6353713247, 0.01651119121)],
)
def test_concordance(gbsg, weighting, printed, estimate, error):
    found = concordance(gbsg.time, gbsg.event, gbsg.predictor, weighting)
    assert round(found.estimate[0], 3) == printed
    assert found.estimate[0] == pytest.approx(estimate, abs=1e-9)
    assert found.covariance[0, 0] ** 0.5 == pytest.approx(error, abs=1e-9)


def test_auc_and_brier_score_at_4_99_years(gbsg):
    assert round(time_dependent_auc(gbsg.time, gbsg.event, gbsg.predictor, 4.99).estimate, 3) == 0.677
    found = brier(gbsg.time, gbsg.event, gbsg.probability(4.99), 4.99)
    assert (round(found.score.estimate, 3), round(found.ipa, 3)) == (0.225, 0.101)


def test_calibration_in_the_large_and_slope(gbsg):
    found = observed_expected(gbsg.time, gbsg.event, gbsg.probability(YEARS), YEARS)
    assert round(found.estimate, 3) == 1.017
    assert (found.estimate, *found.ci) == pytest.approx((1.017390182, 0.9289924696, 1.109146797), abs=1e-8)
    slope = calibration_slope(gbsg.time, gbsg.event, gbsg.predictor, YEARS)
    assert round(slope.estimate, 3) == 1.056
    assert slope.ci[1] - slope.estimate == pytest.approx(1.959963985 * 0.1226128276, abs=1e-7)
    hazard = gbsg.baseline.cumulative_hazard(gbsg.time) * np.exp(gbsg.predictor)
    intercept = calibration_intercept(gbsg.time, gbsg.event, hazard, YEARS)
    assert intercept.estimate == pytest.approx(0.01557314305, abs=1e-7)  # glm(..., offset(log(hazard)), poisson)
    assert intercept.ci[1] - intercept.estimate == pytest.approx(1.959963985 * 0.05923480357, abs=1e-6)


def test_distances_of_the_smoothed_curve(gbsg):
    """R's coxph and survfit to 1e-7; rms's cph stops after three of Newton's steps, which gives the printed figures."""
    p = gbsg.probability(YEARS)
    found = smoothed(gbsg.time, gbsg.event, p, YEARS, draws=100)
    ours = [found.ici.estimate, found.e50.estimate, found.e90.estimate]
    assert ours == pytest.approx([0.0301288355, 0.0261996194, 0.07459371912], abs=1e-7)
    x = log_log(p)
    terms = np.column_stack([x, restricted_cubic_spline(x, np.quantile(x, [0.1, 0.5, 0.9]))])
    terms = terms - terms.mean(axis=0)
    halted = (
        terms
        @ PHReg(gbsg.time, terms, status=gbsg.event, ties="efron")
        .fit(method="newton", maxiter=3, disp=0, skip_hessian=True, warn_convergence=False)
        .params
    )
    curve = baseline(gbsg.time, gbsg.event, halted).probability(halted, [YEARS])[:, 0]
    assert distances(p, curve).round(4) == pytest.approx([0.0302, 0.0263, 0.0747])


def test_net_benefit_at_23_percent(gbsg):
    (found,) = net_benefit(gbsg.time, gbsg.event, gbsg.probability(YEARS), YEARS, thresholds=(0.23,))
    assert round(found.model, 4) == 0.3615
    assert (found.model, found.all) == pytest.approx((0.3615001684, 0.3615001684), abs=1e-9)


def test_nodes_add_to_size_and_grade(gbsg):
    both = np.column_stack([gbsg.predictor, gbsg.smaller])
    found = concordance(gbsg.time, gbsg.event, both)
    assert found.compare(0, 1).p < 1e-4
    assert found.compare(0, 1).z == pytest.approx(-found.compare(1, 0).z)
