"""Keys of `results.json` beside the paper's comparison of treatments: `treatment.<model>.adjusted` and so on."""

from typing import Any

from npc.names import ARMS, NOT_ESTIMABLE
from npc.prognosis.survival import HazardRatio
from npc.prognosis.treatment_adjusted import Adjusted
from npc.prognosis.treatment_analysis import TreatmentAnalysis
from npc.prognosis.treatment_balance import Balance
from npc.statistics import NotEstimable
from npc.statistics.logrank import Test
from npc.statistics.standardised import Effect

Json = dict[str, Any]
IN_SAMPLE = (
    "without the training patients, whose risks are of a fit that saw their outcomes; with out-of-fold risks "
    "(train.py refit=RUN folds=5) all patients are compared"
)
MARGINAL = "marginal hazard ratio: all patients under additional against all under standard treatment"
CONDITIONAL = "conditional hazard ratio: patients alike in all that is adjusted for; not comparable to a marginal one"
MEANS = "marginal difference of restricted mean survival times, months"


def as_json(found: TreatmentAnalysis) -> Json:
    """The keys beside those of the paper's comparison."""
    return {
        "patients": _patients(found),
        "adjusted": _adjusted(found.adjusted),
        "iptw": {**_effect(found.weighted), "estimand": MARGINAL},
        "balance": _balance(found.balance),
        "interaction_tests": {"continuous": _test(found.continuous), "grouped": _test(found.grouped)},
        "effect_by_risk": _by_risk(found),
    }


def _patients(found: TreatmentAnalysis) -> Json:
    of = found.patients
    if isinstance(of, NotEstimable):
        return {"n": None, "events": None, **_note(of)}
    held_out = {"note": IN_SAMPLE} if of.held_out else {}
    return {"n": len(of.patients), "events": int(of.event.sum()), **held_out}


def _adjusted(found: Adjusted | NotEstimable) -> Json:
    if isinstance(found, NotEstimable):
        return {**_effect(found), "estimand": MARGINAL}
    value, of_limit = found.e_value
    return {
        **_effect(found.marginal),
        "estimand": MARGINAL,
        "method": "g-computation by Cox regression; normal interval by bootstrap",
        "adjusted_for": list(found.adjusted_for),
        "n": found.n,
        "events": found.events,
        "e_value": {"estimate": value, "of_limit": of_limit},
        "conditional": {**_effect(found.conditional), "estimand": CONDITIONAL},
        "rmst_difference": {f"{until:g}": {**_effect(one), "estimand": MEANS} for until, one in found.means.items()},
    }


def _balance(found: Balance | NotEstimable) -> Json:
    keys = ("terms", "effective_sample_size", "weights", "propensity", "positivity")
    if isinstance(found, NotEstimable):
        return {**dict.fromkeys(keys), **_note(found)}
    return {
        "terms": [
            {"term": name, "label": term.label, "before": term.before, "after": term.after}
            for name, term in found.terms.items()
        ],
        "effective_sample_size": {arm: {"n": found.n[arm], "effective": found.effective[arm]} for arm in ARMS},
        "weights": {"min": float(found.weights.min()), "max": float(found.weights.max())},
        "propensity": {"min": float(found.propensity.min()), "max": float(found.propensity.max())},
        "positivity": "holds" if found.positivity is None else f"fails: {found.positivity}",
    }


def _by_risk(found: TreatmentAnalysis) -> Json:
    if isinstance(found.by_risk, NotEstimable):
        return {"percentiles": None, **_note(found.by_risk)}
    rows = [{"percentile": at.percentile, "estimate": at.estimate, "ci": list(at.ci)} for at in found.by_risk]
    return {"estimand": CONDITIONAL, "percentiles": rows}


def _effect(found: Effect | HazardRatio | NotEstimable) -> Json:
    if isinstance(found, NotEstimable):
        return {"estimate": None, "ci": None, "p": None, **_note(found)}
    return {"estimate": found.estimate, "ci": list(found.ci), "p": found.p}


def _test(found: Test | NotEstimable) -> Json:
    if isinstance(found, NotEstimable):
        return {"chi2": None, "df": None, "p": None, **_note(found)}
    return {"chi2": found.chi2, "df": found.df, "p": found.p}


def _note(reason: object) -> Json:
    return {"note": f"{NOT_ESTIMABLE}: {reason}"}
