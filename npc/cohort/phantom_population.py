"""The phantom's patients: clinical variables, tumour aggressiveness and outcome, with the truth known.

Counts are those of Table 2 of Zhang et al., JMRI 2020, by hospital (training and validation cohort together are
hospital 1). Time to metastasis follows an exponential proportional-hazards model whose baseline is solved so that
the expected share of events is the published one; censoring is administrative.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq

SEQUENCES = ("cet1", "t2")
# Correlation between a tumour's aggressiveness and what a sequence shows of it, at signal 1.
SHOWN = {"cet1": 0.97, "t2": 0.35}
LOG_HAZARD_AGGRESSIVENESS = 1.9  # per standard deviation
LOG_HAZARD_N_STAGE = np.log(1.35)  # per stage, about N2
LOG_HAZARD_EBV = np.log(1.6)  # EBV-DNA of 4000 copies/mL and more
LOG_HAZARD_ADDED_CHEMOTHERAPY = np.log(0.60)
POST_METASTASIS_MONTHS = 30.0  # mean survival after metastasis


@dataclass(frozen=True)
class Hospital:
    """What one hospital's patients and follow-up look like; counts in the order of the levels."""

    name: str
    prefix: str
    men: float
    age: tuple[float, float, int, int]  # mean, SD, youngest, oldest
    t_stage: tuple[int, int, int, int]
    n_stage: tuple[int, int, int, int]
    differentiated: float  # share of differentiated, non-keratinizing
    ebv_high: float
    regimen: tuple[int, int, int]  # CCRT, IC+CCRT, CCRT+AC
    follow_up: tuple[float, float]  # months from diagnosis to the last look for metastasis, uniform
    last_contact: float  # months by which the last contact outlasts it, at most
    events: float  # published share of patients with metastasis


HOSPITALS = (
    Hospital(
        "hospital_1", "H1", 141 / 188, (42.2, 11.0, 18, 71), (6, 33, 100, 49), (12, 49, 94, 33), 9 / 188,
        79 / 188, (62, 108, 18), (3, 118), 20, 73 / 188,
    ),
    Hospital(
        "hospital_2", "H2", 36 / 45, (43.2, 11.0, 20, 64), (6, 9, 22, 8), (1, 7, 33, 4), 3 / 45,
        5 / 45, (5, 38, 2), (24, 102), 34, 13 / 45,
    ),
)  # fmt: skip
REGIMENS = ("CCRT", "IC+CCRT", "CCRT+AC")


def draw_patient(hospital: Hospital, number: int, seed: int, signal: float) -> dict[str, object]:
    """One patient: the row of `patients.csv` (without paths) and, with a leading `_`, the row of `truth.csv`.

    The draw depends on the hospital, the number and the seed alone, so a larger cohort begins with the same patients.

    Args:
        hospital: where the patient is treated.
        number: 0, 1, ... within the hospital.
        seed: of the cohort.
        signal: 0 to 1; scales how much of the aggressiveness the pictures show.
    """
    rng = np.random.default_rng([seed, HOSPITALS.index(hospital), number])
    n_stage = rng.choice(4, p=_shares(hospital.n_stage))
    t_stage = _draw_t_stage(hospital, n_stage, rng)
    ebv_high = rng.random() < hospital.ebv_high
    regimen = REGIMENS[rng.choice(3, p=_shares(hospital.regimen))]
    clinical = _clinical_log_hazard(n_stage, ebv_high, regimen != "CCRT")
    aggressiveness = rng.standard_normal()
    shown = {s: signal * SHOWN[s] * aggressiveness
             + np.sqrt(1 - (signal * SHOWN[s]) ** 2) * rng.standard_normal() for s in SEQUENCES}  # fmt: skip
    image = LOG_HAZARD_AGGRESSIVENESS * aggressiveness
    metastasis = rng.exponential() / np.exp(_log_baseline(hospital) + image + clinical)
    end = rng.uniform(*hospital.follow_up)
    death = metastasis + rng.exponential(POST_METASTASIS_MONTHS)
    contact = end + rng.uniform(0, hospital.last_contact)
    patient = f"{hospital.prefix}-{number + 1:04d}"
    return {
        "patient_id": patient,
        "centre": hospital.name,
        "age": _draw_age(hospital, rng),
        "sex": "men" if rng.random() < hospital.men else "women",
        "t_stage": f"T{t_stage + 1}",
        "n_stage": f"N{n_stage}",
        "stage": "IVb" if n_stage == 3 else "IVa" if t_stage == 3 else "III",  # 7th AJCC edition
        "histology": "differentiated" if rng.random() < hospital.differentiated else "undifferentiated",
        "ebv_dna": _draw_ebv(ebv_high, rng),
        "regimen": regimen,
        # a day is 1/30.4375 months: nobody's table holds more digits than days
        "dmfs_months": round(float(min(metastasis, end)), 2),
        "dm_event": int(metastasis <= end),
        "os_months": round(float(min(death, contact)), 2),
        "os_event": int(death <= contact),
        "_linear_predictor": image + clinical,
        "_image_part": image,
        "_clinical_part": clinical,
        **{f"_{s}_shown": shown[s] for s in SEQUENCES},
        "_metastasis_months": metastasis,
    }


def best_image_score(truth_shown: dict[str, np.ndarray], signal: float) -> np.ndarray:
    """The best risk score that a reader of the pictures could give: the expected aggressiveness.

    Each sequence shows `r * aggressiveness + sqrt(1 - r**2) * noise` with independent noise, so the expectation
    given them is proportional to `sum(r * shown / (1 - r**2))`.

    Args:
        truth_shown: what each sequence seen shows, arrays of shape (patients,).
        signal: of the cohort; at 0 every score is 0.
    """
    correlation = {s: signal * SHOWN[s] for s in truth_shown}
    return sum((r / (1 - r**2) * truth_shown[s] for s, r in correlation.items()), start=np.zeros(1))


def _shares(counts: tuple[int, ...]) -> np.ndarray:
    return np.array(counts) / sum(counts)


def _draw_t_stage(hospital: Hospital, n_stage: int, rng: np.random.Generator) -> int:
    """T stage (0 to 3) given N: T1-2 with N0-1 is below stage III and not in the study; marginals are kept."""
    t, n = _shares(hospital.t_stage), _shares(hospital.n_stage)
    early = t[:2].sum() / n[2:].sum() if n_stage >= 2 else 0.0
    stages = (0, 1) if rng.random() < early else (2, 3)
    chances = t[list(stages)]
    return int(rng.choice(stages, p=chances / chances.sum()))


def _draw_age(hospital: Hospital, rng: np.random.Generator) -> int:
    mean, sd, youngest, oldest = hospital.age
    while not youngest <= (age := round(rng.normal(mean, sd))) <= oldest:
        pass
    return age


def _draw_ebv(high: bool, rng: np.random.Generator) -> int:
    """Copies/mL, log-uniform on either side of the paper's cut of 4000; a third of the low ones undetectable."""
    if high:
        return round(float(np.exp(rng.uniform(np.log(4000), np.log(400_000)))))
    return 0 if rng.random() < 1 / 3 else int(np.exp(rng.uniform(np.log(50), np.log(4000))))


def _clinical_log_hazard(n_stage: int, ebv_high: bool, added_chemotherapy: bool) -> float:
    return float(
        LOG_HAZARD_N_STAGE * (n_stage - 2)
        + LOG_HAZARD_EBV * ebv_high
        + LOG_HAZARD_ADDED_CHEMOTHERAPY * added_chemotherapy
    )


@cache
def _log_baseline(hospital: Hospital) -> float:
    """Log of the monthly baseline hazard that gives the published share of events, solved on quadrature points."""
    aggressiveness, weight = np.polynomial.hermite_e.hermegauss(41)
    start, end = hospital.follow_up
    lp, p = [], []
    for n, share_n in enumerate(_shares(hospital.n_stage)):
        for ebv, share_e in ((0, 1 - hospital.ebv_high), (1, hospital.ebv_high)):
            for added, share_a in ((0, _shares(hospital.regimen)[0]), (1, 1 - _shares(hospital.regimen)[0])):
                lp.append(LOG_HAZARD_AGGRESSIVENESS * aggressiveness
                          + _clinical_log_hazard(n, bool(ebv), bool(added)))  # fmt: skip
                p.append(share_n * share_e * share_a * weight / weight.sum())
    predictor, chance = np.concatenate(lp), np.concatenate(p)

    def surplus(log_baseline: float) -> float:
        hazard = np.exp(log_baseline + predictor)
        free = (np.exp(-hazard * start) - np.exp(-hazard * end)) / (hazard * (end - start))
        return float(1 - (chance * free).sum() - hospital.events)

    return float(brentq(surplus, -20, 5))
