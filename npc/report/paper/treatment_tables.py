"""Tables of what stands beside the paper's comparison of treatments."""

import pandas as pd

from npc.names import ARMS, MODELS, NOT_ESTIMABLE
from npc.prognosis.analysis import Analysis
from npc.prognosis.survival import HazardRatio
from npc.prognosis.treatment_adjusted import MONTHS, Adjusted
from npc.prognosis.treatment_design import Comparison
from npc.report.kit import words
from npc.report.paper.results_treatment import IN_SAMPLE
from npc.statistics import NotEstimable
from npc.statistics.standardised import Effect


def tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """By the name of their file."""
    return {
        "treatment_adjusted": adjusted(analysis),
        "treatment_balance": balance(analysis),
        "treatment_weights": weights(analysis),
    }


def adjusted(analysis: Analysis) -> pd.DataFrame:
    """A row for each model's adjusted figures; the estimand is named in the heading."""
    rows = []
    for name, found in analysis.treatment_beside.items():
        rows.append({
            "Score of": MODELS[name],
            "Patients (events)": _patients(found.patients),
            **_adjusted(found.adjusted),
            "Marginal hazard ratio (IPTW)": _with_p(found.weighted),
            "P of interaction, continuous risk": words.p_of(found.continuous),
            "P of interaction, risk groups": words.p_of(found.grouped),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _patients(of: Comparison | NotEstimable) -> str:
    if isinstance(of, NotEstimable):
        return NOT_ESTIMABLE
    return f"{len(of.patients)} ({of.event.sum():.0f}){', held out' if of.held_out else ''}"


def _adjusted(found: Adjusted | NotEstimable) -> dict[str, str]:
    headings = [
        "Marginal hazard ratio (g-computation)",
        "E-value (of the limit)",
        "Conditional hazard ratio",
        *(f"Difference of restricted means at {until:g} months" for until in MONTHS),
    ]
    if isinstance(found, NotEstimable):
        return dict.fromkeys(headings, f"{NOT_ESTIMABLE}: {found}")
    shown = [
        _with_p(found.marginal),
        f"{found.e_value[0]:.2f} ({found.e_value[1]:.2f})",
        _with_p(found.conditional),
        *(_with_p(found.means[until], 1) for until in MONTHS),
    ]
    return dict(zip(headings, shown, strict=True))


def balance(analysis: Analysis) -> pd.DataFrame:
    """Standardised differences of means before and after weighting."""
    return pd.DataFrame(
        {"Score of": MODELS[name], "Term": term.label, "Before weighting": words.number(term.before, 2),
         "After weighting": words.number(term.after, 2)}
        for name, found in analysis.treatment_beside.items() if not isinstance(found.balance, NotEstimable)
        for term in found.balance.terms.values()
    )  # fmt: skip


def weights(analysis: Analysis) -> pd.DataFrame:
    """What the weights leave of the arms, and whether positivity holds."""
    rows = []
    for name, found in analysis.treatment_beside.items():
        if isinstance(by := found.balance, NotEstimable):
            continue
        rows.append({
            "Score of": MODELS[name],
            **{f"{arm}: patients, effective number": f"{by.n[arm]}, {by.effective[arm]:.1f}" for arm in ARMS},
            "Weights": f"{by.weights.min():.2f} to {by.weights.max():.2f}",
            "Probability of additional treatment": f"{by.propensity.min():.2f} to {by.propensity.max():.2f}",
            "Positivity": "holds" if by.positivity is None else f"fails: {by.positivity}",
        })  # fmt: skip
    return pd.DataFrame(rows)


def notes(analysis: Analysis) -> list[str]:
    """What a reader must know about these figures."""
    said = []
    for name, found in analysis.treatment_beside.items():
        if isinstance(found.patients, NotEstimable):
            said.append(f"{MODELS[name]}: {NOT_ESTIMABLE}: {found.patients}")
        elif found.patients.held_out:
            said.append(f"{MODELS[name]}: {IN_SAMPLE}")
    return said


def _with_p(found: Effect | HazardRatio | NotEstimable, digits: int = 2) -> str:
    if isinstance(found, NotEstimable):
        return f"{NOT_ESTIMABLE}: {found}"
    return f"{words.with_interval(found.estimate, found.ci, digits)}, {words.p_in_text(found.p)}"
