"""The keys of `results.json` for figures of time to event."""

from collections.abc import Mapping

from npc.names import HORIZONS, NOT_ESTIMABLE
from npc.prognosis.absolute_risk import CoxForm
from npc.prognosis.competing import CompetingRisks
from npc.prognosis.times import Calibration, CohortTimes, ConcordanceComparison
from npc.report.paper.result_parts import Json, hazard_ratio, note
from npc.statistics import NotEstimable
from npc.statistics.brier import Brier
from npc.statistics.estimate import Estimate
from npc.statistics.net_benefit import NetBenefit


def cohort(found: CohortTimes) -> Json:
    """Of a model in a cohort; months are keys."""
    return {
        "concordance": {kind: estimate(one) for kind, one in found.concordance.items()},
        "auc_at": {str(month): estimate(one) for month, one in found.auc_at.items()},
        "brier_at": {str(month): _brier(one) for month, one in found.brier_at.items()},
        "brier_integrated": _brier(found.integrated_brier),
        "survival_at": {
            group: {str(month): estimate(one) for month, one in of.items()} for group, of in found.survival_at.items()
        },
        **absolute(found),
    }


def absolute(found: CohortTimes) -> Json:
    """Calibration and net benefit of the absolute risks."""
    return {
        "calibration": _calibration(found.calibration),
        "net_benefit": note(found.net_benefit)
        if isinstance(found.net_benefit, NotEstimable)
        else [_benefit(one) for one in found.net_benefit],
    }


def form(found: CoxForm | NotEstimable) -> Json:
    """The Cox form of a model, with the survival of a patient whose terms are the mean of the training cohort."""
    if isinstance(found, NotEstimable):
        return {"terms": None, "baseline_survival": None, **note(found)}
    months = [month for month in HORIZONS if month <= found.baseline.end]
    survival = 1 - found.baseline.probability([0.0], months)[0]
    return {
        "terms": [{"term": term, "hazard_ratio": hazard_ratio(ratio)} for term, ratio in found.terms.items()],
        "baseline_survival": {str(month): float(value) for month, value in zip(months, survival, strict=True)},
    }


def competing(found: CompetingRisks) -> Json:
    """Of a model's risk groups in a cohort."""
    return {
        "deaths": dict(found.deaths),
        "incidence_at": {
            cause: {group: {str(month): estimate(one) for month, one in of.items()} for group, of in by_group.items()}
            for cause, by_group in found.incidence_at.items()
        },
        "cause_specific_hazard_ratio": {cause: hazard_ratio(one) for cause, one in found.cause_specific.items()},
        "subdistribution_hazard_ratio": {cause: hazard_ratio(one) for cause, one in found.subdistribution.items()},
    }


def comparison(found: Mapping[str, ConcordanceComparison]) -> Json:
    """Of two concordances."""
    return {
        kind: {"difference": None, "z": None, "p": None, "p_holm": None, **note(one.test)}
        if isinstance(one.test, NotEstimable)
        else {"difference": one.test.difference, "z": one.test.z, "p": one.test.p, "p_holm": one.p_holm}
        for kind, one in found.items()
    }


def estimate(found: Estimate | NotEstimable) -> Json:
    """The value and its limits, with a note where one of them is not estimable."""
    if isinstance(found, NotEstimable):
        return {"estimate": None, "ci": None, **note(found)}
    if isinstance(found.ci, NotEstimable):
        return {"estimate": found.estimate, "ci": None, "note": f"ci {NOT_ESTIMABLE}: {found.ci}"}
    return {"estimate": found.estimate, "ci": list(found.ci)}


def _brier(found: Brier | NotEstimable) -> Json:
    if isinstance(found, NotEstimable):
        return {**estimate(found), "ipa": None}
    return {**estimate(found.score), "ipa": None if isinstance(found.ipa, NotEstimable) else found.ipa}


def _calibration(found: Calibration) -> Json:
    smooth = found.smoothed
    points = ("ici", "e50", "e90")
    return {
        "horizon": found.horizon,
        **{name: estimate(getattr(found, name)) for name in ("oe", "intercept", "slope")},
        **{name: estimate(smooth if isinstance(smooth, NotEstimable) else getattr(smooth, name)) for name in points},
    }


def _benefit(found: NetBenefit) -> Json:
    known = not isinstance(found.model, NotEstimable)
    return {
        "threshold": found.threshold,
        "model": found.model if known else None,
        "ci": found.ci and list(found.ci),
        "all": found.all,
        "none": 0.0,
        **({} if known else note(found.model)),
    }
