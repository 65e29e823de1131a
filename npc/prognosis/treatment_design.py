"""What a comparison of treatments adjusts for: the other clinical variables, the hospital, a treatment-free score."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logit

from npc.cohort.clinical import Variable
from npc.prognosis.encoding import learn
from npc.prognosis.models import Model
from npc.statistics import NotEstimable
from npc.statistics.added_value import normal_scores

SCORE = "score"


@dataclass(frozen=True)
class Comparison:
    """Patients whose treatment is known, and what is known of them before it.

    Attributes:
        patients: `time` in months, `event` and `centre`, the hospital.
        treated: 1 for additional treatment, (patients,).
        terms: numbers to adjust for, by name; without those that do not vary or follow from the others.
        labels: how these, and others, are printed.
        score: normal scores of the treatment-free risk, (patients,).
        held_out: whether the training patients are left out, because the score has seen their outcomes.
    """

    patients: pd.DataFrame
    treated: np.ndarray
    terms: pd.DataFrame
    labels: dict[str, str]
    score: np.ndarray
    held_out: bool

    @property
    def time(self) -> np.ndarray:
        """Months to event or censoring."""
        return self.patients["time"].to_numpy(dtype=float)

    @property
    def event(self) -> np.ndarray:
        """1 for an event."""
        return self.patients["event"].to_numpy(dtype=float)

    @property
    def titles(self) -> dict[str, str]:
        """How each term is printed, by its name."""
        return {str(name): self.labels[str(name)] for name in self.terms}

    @property
    def hospitals(self) -> np.ndarray:
        """Of each patient."""
        return self.patients["centre"].astype(str).to_numpy()


def compared(
    patients: pd.DataFrame, arm: pd.Series, model: Model, treatment: str, variables: Sequence[Variable]
) -> Comparison:
    """What a model's comparison of treatments adjusts for.

    Args:
        patients: clinical variables, `split`, `time`, `event` and `centre`.
        arm: standard or additional treatment, ordered categories; missing where not known.
        model: whose score is adjusted for, if it has a signature.
        treatment: the variable that is compared.
        variables: declared by the cohort.

    Raises:
        NotEstimable: there is one arm only, or an arm without event.
    """
    used = arm.notna()
    if model.unseen is False:
        used &= patients["split"] != "train"
    rows, treated = patients[used], arm[used].cat.codes.to_numpy()
    events = [int(rows["event"][treated == given].sum()) for given in (0, 1)]
    if min(events) == 0:
        raise NotEstimable(f"an arm has no patient with the event ({events[0]} standard, {events[1]} additional)")
    known = [v for v in variables if v.name != treatment and rows[v.name].notna().any()]
    encoding = learn(known, rows)
    hospitals = pd.get_dummies(rows["centre"].astype(str), dtype=float).iloc[:, 1:].add_prefix("hospital ")
    score = normal_scores(treatment_free(model, patients, treatment)[used])
    parts = [encoding.transform(rows), hospitals]
    if model.signatures or not model.fitted:
        parts.append(pd.DataFrame({SCORE: score}, rows.index))
    terms = independent(pd.concat(parts, axis=1))
    labels = (
        encoding.labels()
        | {str(name): f"Hospital: {name.removeprefix('hospital ')}" for name in map(str, hospitals)}
        | {SCORE: "Treatment-free score"}
    )
    return Comparison(rows, treated, terms, labels, score, model.unseen is False)


def treatment_free(model: Model, patients: pd.DataFrame, treatment: str) -> pd.Series:
    """Each patient's log odds by the model if all had the standard treatment; the risk itself of other models.

    Args:
        model: that may contain the treatment.
        patients: with its variables.
        treatment: the variable whose first level is the standard treatment.
    """
    if not model.fitted or not model.encoding or treatment not in [variable.name for variable in model.variables]:
        return model.held_out
    levels = patients[treatment].cat.categories
    standard = patients.assign(**{treatment: pd.Categorical([levels[0]] * len(patients), levels, ordered=True)})
    change = model.encoding.transform(patients) - model.encoding.transform(standard)
    coefficient = dict(zip(model.terms, model.fitted.coefficient[1:], strict=True))
    tiny = np.finfo(float).tiny
    odds = logit(model.held_out.clip(tiny, 1 - np.finfo(float).eps))
    return odds - sum(change[term] * coefficient[str(term)] for term in change)


def independent(terms: pd.DataFrame, strata: np.ndarray | None = None) -> pd.DataFrame:
    """Without columns that do not vary (within strata) or follow from those before them."""
    inside = terms - (terms.groupby(strata).transform("mean") if strata is not None else terms.mean())
    kept: list[str] = []
    for name in map(str, terms):
        tried = inside[[*kept, name]].to_numpy()
        spread = tried.std(axis=0)
        if spread[-1] < 1e-9 * (1 + np.abs(terms[name]).max()):
            continue
        if np.linalg.matrix_rank(tried / spread, tol=1e-6 * len(terms) ** 0.5) > len(kept):
            kept.append(name)
    return terms[kept]
