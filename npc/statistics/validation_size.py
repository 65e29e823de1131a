"""How precise an external validation of a binary outcome is, and how many patients a wanted precision needs.

Riley, Debray, Collins et al., Statistics in Medicine 2021 (40:4230). Widths are of 95% intervals.
"""

from dataclasses import dataclass
from math import asinh, ceil, log, sinh

import numpy as np
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

Z = 1.96  # as the paper has it


@dataclass(frozen=True)
class Expected:
    """What is expected of a model in the patients of the validation.

    Attributes:
        share: of patients with the event.
        auc: above a half.
        predictor: mean and standard deviation of a normal linear predictor; None for one that is normal in patients
            with and without event, calibrated, and has this AUC.
    """

    share: float
    auc: float
    predictor: tuple[float, float] | None = None

    def information(self) -> tuple[float, float, float]:
        """Of a patient on the intercept, on both, and on the slope of a calibration line at 0 and 1."""
        if self.predictor is not None:
            parts = [(1.0, *self.predictor)]
        else:
            apart = 2 * norm.ppf(self.auc) ** 2  # variance, and distance of the means
            mean = log(self.share / (1 - self.share)) - apart / 2
            parts = [(1 - self.share, mean, apart**0.5), (self.share, mean + apart, apart**0.5)]

        def moment(power: int) -> float:
            """Expectation of x^power p(x) (1 - p(x))."""

            def integrand(z: float, mean: float, sd: float) -> float:
                x = mean + sd * z
                return norm.pdf(z) * x**power * expit(x) * expit(-x)

            return sum(weight * quad(integrand, -12, 12, args=(mean, sd))[0] for weight, mean, sd in parts)

        return moment(0), moment(1), moment(2)


@dataclass(frozen=True)
class Precision:
    """Widths of 95% intervals.

    Attributes:
        auc: of the AUC.
        slope: of the calibration slope, which is 1.
        observed_expected: of the ratio of observed to expected events, which is 1.
    """

    auc: float
    slope: float
    observed_expected: float


@dataclass(frozen=True)
class Validation:
    """Patients for each width; see `Precision`."""

    auc: int
    slope: int
    observed_expected: int

    @property
    def patients(self) -> int:
        """For all of them."""
        return max(self.auc, self.slope, self.observed_expected)


def precision(patients: int, expected: Expected) -> Precision:
    """The widths with this number of patients.

    Args:
        patients: of the validation.
        expected: of the model.
    """
    return Precision(
        2 * Z * _auc_error(patients, expected),
        2 * Z * (_slope_variance(expected) / patients) ** 0.5,
        2 * sinh(Z * ((1 - expected.share) / (patients * expected.share)) ** 0.5),
    )


def validation(widths: Precision, expected: Expected) -> Validation:
    """The patients with whom intervals have these widths.

    Args:
        widths: that are wanted.
        expected: of the model.
    """
    error = asinh(widths.observed_expected / 2) / Z
    high = 2
    while 2 * Z * _auc_error(high, expected) > widths.auc:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if 2 * Z * _auc_error(middle, expected) <= widths.auc else (middle, high)
    return Validation(
        high,
        ceil(_slope_variance(expected) / (widths.slope / 2 / Z) ** 2),
        ceil((1 - expected.share) / (expected.share * error**2)),
    )


def _auc_error(patients: int, expected: Expected) -> float:
    """Newcombe's standard error of an AUC (Statistics in Medicine 2006, method 4), which needs no risks."""
    c, share, half = expected.auc, expected.share, patients / 2 - 1
    spread = 1 + half * (1 - c) / (2 - c) + half * c / (1 + c)
    return float(np.sqrt(c * (1 - c) * spread / (patients**2 * share * (1 - share))))


def _slope_variance(expected: Expected) -> float:
    """Variance of the calibration slope times the number of patients."""
    intercept, both, slope = expected.information()
    return intercept / (intercept * slope - both**2)
