"""The phantom's treatment and outcome, including the outcome under the other treatment.

Time to metastasis follows an exponential proportional-hazards model. Its baseline hazard is solved so that the expected
share of events is the published one for all options; likewise the share with additional chemotherapy. All times are
whole days.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from math import ceil, exp, log
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from npc.cohort.dates import DAYS_PER_MONTH
from npc.phantom.hospitals import Hospital, shares
from npc.phantom.options import Options

LOG_HAZARD_AGGRESSIVENESS = 1.9  # per standard deviation
# Chosen so that a clinical model has about the paper's AUC of 0.70, although it does not know the aggressiveness.
LOG_HAZARD_N_STAGE = log(2.2)  # per stage, relative to N2
LOG_HAZARD_EBV = log(3.0)  # EBV-DNA of 4000 copies/mL and more
POST_METASTASIS_MONTHS = 30.0  # mean survival after metastasis
CLOSING = date(2018, 12, 31)  # the paper's last follow-up


@dataclass(frozen=True)
class Course:
    """A patient's treatment and outcome, as recorded and in truth."""

    added: bool  # additional chemotherapy
    recorded: dict[str, Any]  # columns of patients.csv
    dates: dict[str, date | None]  # the recorded months as dates
    truth: dict[str, Any]  # columns of truth.csv


def clinical_log_hazard(n_stage: int, ebv_high: bool) -> float:
    """Contribution of the variables that are known before treatment to the log hazard."""
    return LOG_HAZARD_N_STAGE * (n_stage - 2) + LOG_HAZARD_EBV * ebv_high


def draw_course(
    hospital: Hospital, clinical: float, aggressiveness: float, options: Options, rng: np.random.Generator
) -> Course:
    """Treatment and outcome of one patient.

    Args:
        hospital: where the patient is treated.
        clinical: log hazard of the clinical variables.
        aggressiveness: of the tumour, standardised.
        options: of the phantom; the same random numbers are drawn for all options.
        rng: of the patient.
    """
    by_image = float(options.indication == "hazard")
    intercept, baseline = _solve(
        hospital, options.treatment, options.interaction, options.confounding, options.competing, by_image
    )
    image = LOG_HAZARD_AGGRESSIVENESS * aggressiveness
    effect = log(options.treatment) + options.interaction * aggressiveness
    propensity = float(expit(intercept + options.confounding * (by_image * image + clinical)))
    added = bool(rng.random() < propensity)

    waiting = rng.exponential()  # the same under either treatment
    potential = [_days(waiting / exp(baseline + image + clinical + effect * given)) for given in (0, 1)]
    metastasis = potential[added]
    waiting_other = rng.exponential()
    other_death = _days(waiting_other * 12 / options.competing) if options.competing else None
    last_examination = _days(rng.uniform(*hospital.follow_up))
    survival = _days(rng.exponential(POST_METASTASIS_MONTHS))
    closing = min(last_examination + _days(rng.uniform(0, hospital.last_contact)), (CLOSING - hospital.opened).days)

    dies_first = other_death is not None and other_death < metastasis
    death = other_death if other_death is not None and dies_first else metastasis + survival
    seen = metastasis <= last_examination and not dies_first
    end, last = min(metastasis, last_examination, death), min(death, closing)
    diagnosis = CLOSING - timedelta(closing)
    dates = {
        "diagnosis_date": diagnosis,
        "metastasis_date": diagnosis + timedelta(metastasis) if seen else None,
        "last_follow_up": diagnosis + timedelta(last if seen else end),
    }
    recorded = {
        "dmfs_months": months(end),
        "dm_event": int(seen),
        "os_months": months(last),
        "os_event": int(death <= closing),
    }
    truth = {
        "linear_predictor": image + clinical + effect * added,
        "image_part": image,
        "clinical_part": clinical + effect * added,
        "aggressiveness": aggressiveness,
        "treatment_effect": effect,
        "propensity": propensity,
        "added_chemotherapy": int(added),
        "metastasis_months": months(metastasis),
        "metastasis_months_ccrt": months(potential[0]),
        "metastasis_months_added": months(potential[1]),
        "lone_death_months": None if other_death is None else months(other_death),
        "follow_up_months": months(last_examination),
    }
    return Course(added, recorded, dates, truth)


def months(days: int) -> float:
    """Months of whole days; two decimals determine the day."""
    return round(days / DAYS_PER_MONTH, 2)


def _days(after: float) -> int:
    """Whole days, at least one, of a number of months."""
    return max(ceil(after * DAYS_PER_MONTH), 1)


@cache
def _solve(
    hospital: Hospital, treatment: float, interaction: float, confounding: float, competing: float, by_image: float
) -> tuple[float, float]:
    """Intercept of the odds of additional chemotherapy and log of the monthly baseline hazard, on quadrature points."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    n, ebv, point = (axis.ravel() for axis in np.meshgrid(range(4), range(2), range(len(nodes)), indexing="ij"))
    probability = shares(hospital.n_stage)[n] * np.array([1 - hospital.ebv_high, hospital.ebv_high])[ebv]
    probability = probability * weights[point] / weights.sum()
    image, clinical = LOG_HAZARD_AGGRESSIVENESS * nodes[point], LOG_HAZARD_N_STAGE * (n - 2) + LOG_HAZARD_EBV * ebv
    risk, indication = image + clinical, by_image * image + clinical
    added = 1 - shares(hospital.regimen)[0]
    intercept = brentq(lambda start: (probability * expit(start + confounding * indication)).sum() - added, -30, 30)

    given = expit(intercept + confounding * indication)
    predictor = np.concatenate([risk, risk + log(treatment) + interaction * nodes[point]])
    probability = np.concatenate([probability * (1 - given), probability * given])
    start, end = hospital.follow_up

    def surplus(baseline: float) -> float:
        hazard = np.exp(baseline + predictor)
        total = hazard + competing / 12
        free = (np.exp(-total * start) - np.exp(-total * end)) / (total * (end - start))
        return float((probability * hazard / total * (1 - free)).sum() - hospital.events)

    return float(intercept), float(brentq(surplus, -30, 10))
