"""The phantom's patients: clinical variables as published, and what the images show of their tumours."""

from typing import Any

import numpy as np

from npc.phantom.hospitals import HOSPITALS, REGIMENS, Hospital, shares
from npc.phantom.options import Options
from npc.phantom.outcome import clinical_log_hazard, draw_course

SEQUENCES = ("cet1", "t2")
# Correlation between a tumour's aggressiveness and what a sequence shows of it, at signal 1.
SHOWN = {"cet1": 0.97, "t2": 0.35}


def draw_patient(hospital: Hospital, number: int, options: Options) -> tuple[dict[str, Any], dict[str, Any]]:
    """One patient: the rows of `patients.csv` (without paths) and of `truth.csv`.

    The draw depends on the hospital, the number and the seed alone, so a larger cohort begins with the same patients.

    Args:
        hospital: where the patient is treated.
        number: 0, 1, ... within the hospital.
        options: of the phantom.
    """
    rng = np.random.default_rng([options.seed, HOSPITALS.index(hospital), number])
    n_stage = int(rng.choice(4, p=shares(hospital.n_stage)))
    t_stage = _draw_t_stage(hospital, n_stage, rng)
    ebv_high = bool(rng.random() < hospital.ebv_high)
    aggressiveness = rng.standard_normal()
    shown = {}
    for sequence in SEQUENCES:
        correlation = options.signal * SHOWN[sequence]
        shown[sequence] = correlation * aggressiveness + np.sqrt(1 - correlation**2) * rng.standard_normal()
    course = draw_course(hospital, clinical_log_hazard(n_stage, ebv_high), aggressiveness, options, rng)
    induction = rng.random() < hospital.regimen[1] / sum(hospital.regimen[1:])
    name = {"patient_id": f"{hospital.prefix}-{number + 1:04d}"}
    patient = {
        **name,
        "centre": hospital.name,
        "age": _draw_age(hospital, rng),
        "sex": "men" if rng.random() < hospital.men else "women",
        "t_stage": f"T{t_stage + 1}",
        "n_stage": f"N{n_stage}",
        "stage": "IVb" if n_stage == 3 else "IVa" if t_stage == 3 else "III",  # 7th AJCC edition
        "histology": "differentiated" if rng.random() < hospital.differentiated else "undifferentiated",
        "ebv_dna": _draw_ebv(ebv_high, rng),
        "regimen": REGIMENS[(1 if induction else 2) if course.added else 0],
        **(course.dates if options.dates else {}),
        **course.recorded,
    }
    return patient, {**name, **course.truth, **course.dates, **{f"{s}_shown": shown[s] for s in SEQUENCES}}


def best_image_score(truth_shown: dict[str, np.ndarray], signal: float) -> np.ndarray:
    """The best possible risk score given the images: the expected aggressiveness.

    Each sequence shows `r * aggressiveness + sqrt(1 - r**2) * noise` with independent noise, so the expectation
    given them is proportional to `sum(r * shown / (1 - r**2))`.

    Args:
        truth_shown: what each of the used sequences shows, arrays of shape (patients,).
        signal: of the cohort; at 0 every score is 0.
    """
    correlation = {s: signal * SHOWN[s] for s in truth_shown}
    return sum((r / (1 - r**2) * truth_shown[s] for s, r in correlation.items()), start=np.zeros(1))


def _draw_t_stage(hospital: Hospital, n_stage: int, rng: np.random.Generator) -> int:
    """T stage (0 to 3) given N: T1-2 with N0-1 is below stage III, so not in the study; the marginals are preserved."""
    t, n = shares(hospital.t_stage), shares(hospital.n_stage)
    early = t[:2].sum() / n[2:].sum() if n_stage >= 2 else 0.0
    stages = (0, 1) if rng.random() < early else (2, 3)
    probabilities = t[list(stages)]
    return int(rng.choice(stages, p=probabilities / probabilities.sum()))


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
