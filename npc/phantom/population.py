"""The phantom's patients: clinical variables as published, and what the images show of their tumours."""

from typing import Any

import numpy as np

from npc.phantom.hospitals import HOSPITALS, REGIMENS, Hospital, shares
from npc.phantom.options import Options
from npc.phantom.outcome import clinical_log_hazard, draw_course
from npc.phantom.signal import draw_signal


def draw_patient(hospital: Hospital, number: int, options: Options) -> tuple[dict[str, Any], dict[str, Any]]:
    """One patient: the rows of `patients.csv` (without paths) and of `truth.csv`.

    The draw depends on the hospital, the number and the seed alone, so a larger cohort begins with the same patients.

    Args:
        hospital: where the patient is treated.
        number: 0, 1, ... within the hospital.
        options: of the phantom.
    """
    place = options.seed, HOSPITALS.index(hospital), number
    rng = np.random.default_rng(place)
    n_stage = int(rng.choice(4, p=shares(hospital.n_stage)))
    t_stage = _draw_t_stage(hospital, n_stage, rng)
    ebv_high = bool(rng.random() < hospital.ebv_high)
    aggressiveness, shown = draw_signal(options.signal_in, options.signal, place, rng)
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
    return patient, {**name, **course.truth, **course.dates, **shown}


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
