"""Tables of time to event: concordance, AUC, Brier score, calibration, decision curves, competing deaths."""

from collections.abc import Iterator

import pandas as pd

from npc.names import HORIZONS, MODELS
from npc.prognosis.analysis import Analysis
from npc.prognosis.survival import HazardRatio
from npc.prognosis.times import CohortTimes
from npc.report.kit import words
from npc.report.paper.cohorts import cohorts
from npc.statistics import NotEstimable
from npc.statistics.brier import Brier
from npc.statistics.estimate import Estimate

_CAUSES = {"event": "the event", "death": "death without it"}


def tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """All of them by the name of their file."""
    return {
        "time_to_event": discrimination(analysis),
        "survival_at": survival_at(analysis),
        "calibration": calibration(analysis),
        "cox": cox(analysis),
        "competing_risks": competing(analysis),
        "hospitals": hospitals(analysis),
        "concordance_comparisons": comparisons(analysis),
        "calibration_curves": calibration_curves(analysis),
        "net_benefit": net_benefit(analysis),
    }


def discrimination(analysis: Analysis) -> pd.DataFrame:
    """Concordance, AUC and Brier score."""
    return pd.DataFrame(
        {
            "Model": model,
            "Cohort": title,
            "Harrell's concordance": words.estimate(found.concordance["harrell"]),
            "Uno's concordance": words.estimate(found.concordance["uno"]),
            **{f"AUC at {month} months": words.estimate(found.auc_at[month]) for month in HORIZONS},
            **{f"Brier score at {month} months": words.estimate(_score(found.brier_at[month])) for month in HORIZONS},
            "Integrated Brier score": words.estimate(_score(found.integrated_brier)),
        }
        for model, title, found in _each(analysis)
    )


def survival_at(analysis: Analysis) -> pd.DataFrame:
    """Survival of the risk groups, in percent."""
    return pd.DataFrame(
        {
            "Model": model,
            "Cohort": title,
            "Group": group,
            **{f"{month} months (%)": words.estimate(_percent(of[month]), 0) for month in HORIZONS},
        }
        for model, title, found in _each(analysis)
        for group, of in found.survival_at.items()
    )


def calibration(analysis: Analysis) -> pd.DataFrame:
    """O/E, intercept, slope and distances of the absolute risks."""
    rows = []
    for model, title, found in _each(analysis):
        one, smooth = found.calibration, found.calibration.smoothed
        of_curve = {
            name: smooth if isinstance(smooth, NotEstimable) else distance(smooth)
            for name, distance in {"ICI": lambda of: of.ici, "E50": lambda of: of.e50, "E90": lambda of: of.e90}.items()
        }
        rows.append({
            "Model": model, "Cohort": title, "Horizon (months)": f"{one.horizon:g}",
            "Observed / expected": words.estimate(one.oe, 2), "Intercept": words.estimate(one.intercept, 2),
            "Slope": words.estimate(one.slope, 2), **{name: words.estimate(of) for name, of in of_curve.items()},
        })  # fmt: skip
    return pd.DataFrame(rows)


def cox(analysis: Analysis) -> pd.DataFrame:
    """Cox form of each model: hazard ratios, and baseline survival."""
    rows: list[dict[str, str]] = []
    for name, times in analysis.times.items():
        form = times.form
        if isinstance(form, NotEstimable):
            rows.append({"Model": MODELS[name], "Term": "", "Hazard ratio": words.number(form), "P value": str(form)})
            continue
        for term, ratio in form.terms.items():
            rows.append({
                "Model": MODELS[name], "Term": form.labels.get(term, term),
                "Hazard ratio": words.hazard_ratio(ratio), "P value": words.p_of(ratio),
            })  # fmt: skip
        for month in (month for month in HORIZONS if month <= form.baseline.end):
            survival = 1 - float(form.baseline.probability([0.0], [month])[0, 0])
            term = f"Survival at {month} months at the mean of all terms"
            rows.append({"Model": MODELS[name], "Term": term, "Hazard ratio": f"{survival:.3f}", "P value": ""})
    return pd.DataFrame(rows)


def competing(analysis: Analysis) -> pd.DataFrame:
    """Cumulative incidence of the event and of death without it; empty where no death is known."""
    rows = []
    for name, by_split in analysis.competing.items():
        for cohort in cohorts(analysis):
            found = by_split[cohort.split]
            for cause, by_group in found.incidence_at.items():
                for group, of in by_group.items():
                    rows.append({
                        "Model": MODELS[name], "Cohort": cohort.title, "Of": _CAUSES[cause], "Group": group,
                        "Deaths without the event": str(found.deaths[group]),
                        **{f"{month} months (%)": words.estimate(_percent(of[month]), 0) for month in HORIZONS},
                        "Cause-specific hazard ratio": _ratio(found.cause_specific[cause]),
                        "Subdistribution hazard ratio": _ratio(found.subdistribution[cause]),
                    })  # fmt: skip
    return pd.DataFrame(rows)


def hospitals(analysis: Analysis) -> pd.DataFrame:
    """The leading model in each hospital; empty where no cohort has several."""
    return pd.DataFrame(
        {
            "Cohort": analysis.splits[one.split],
            "Hospital": one.name,
            "Patients": str(sum(group.n for group in one.survival.groups)),
            "Events": str(sum(group.events for group in one.survival.groups)),
            "AUC": words.auc(one.auc, analysis.choices.report.ci),
            "Harrell's concordance": words.estimate(one.times.concordance["harrell"]),
            "Observed / expected": words.estimate(one.times.calibration.oe, 2),
            "Calibration slope": words.estimate(one.times.calibration.slope, 2),
            "Hazard ratio, high against low risk": words.hazard_ratio(one.survival.hazard_ratio),
        }
        for one in analysis.hospitals
    )


def comparisons(analysis: Analysis) -> pd.DataFrame:
    """Paired tests of concordance."""
    rows = []
    nested = {(one.first, one.second, one.split) for one in analysis.comparisons if one.nested}
    for (first, second, split), found in analysis.concordance_comparisons.items():
        row = {"Models": f"{MODELS[first]} – {MODELS[second]}", "Cohort": analysis.splits[split]}
        for kind, one in found.items():
            title = kind.capitalize()
            difference = one.test if isinstance(one.test, NotEstimable) else one.test.difference
            row |= {f"Difference ({title})": words.number(difference), f"P value ({title})": words.p_of(one.test),
                    f"P value (Holm, {title})": words.p_value(one.p_holm)}  # fmt: skip
        rows.append(row | {"Note": "nested: P not valid" if (first, second, split) in nested else ""})
    return pd.DataFrame(rows)


def calibration_curves(analysis: Analysis) -> pd.DataFrame:
    """The smoothed curves as data."""
    parts = [
        pd.DataFrame({
            "model": model, "cohort": title, "predicted": smooth.predicted, "observed": smooth.observed,
            **dict(zip(("lower", "upper"), () if isinstance(smooth.band, NotEstimable) else smooth.band, strict=False)),
        })
        for model, title, found in _each(analysis)
        if not isinstance(smooth := found.calibration.smoothed, NotEstimable)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def net_benefit(analysis: Analysis) -> pd.DataFrame:
    """The decision curves as data; what is not estimable is empty."""
    rows = []
    for model, title, found in _each(analysis):
        for one in [] if isinstance(found.net_benefit, NotEstimable) else found.net_benefit:
            value = None if isinstance(one.model, NotEstimable) else one.model
            lower, upper = one.ci or (None, None)
            rows.append({"model": model, "cohort": title, "threshold": one.threshold, "net_benefit": value,
                         "lower": lower, "upper": upper, "all": one.all, "none": 0.0})  # fmt: skip
    return pd.DataFrame(rows)


def _each(analysis: Analysis) -> Iterator[tuple[str, str, CohortTimes]]:
    """Title of the model and of the cohort, and what was found."""
    for name, times in analysis.times.items():
        for cohort in cohorts(analysis):
            yield MODELS[name], cohort.title, times.cohorts[cohort.split]


def _score(found: Brier | NotEstimable) -> Estimate | NotEstimable:
    return found if isinstance(found, NotEstimable) else found.score


def _percent(found: Estimate | NotEstimable) -> Estimate | NotEstimable:
    if isinstance(found, NotEstimable):
        return found
    ci = found.ci if isinstance(found.ci, NotEstimable) else (100 * found.ci[0], 100 * found.ci[1])
    return Estimate(100 * found.estimate, ci)


def _ratio(found: HazardRatio | NotEstimable) -> str:
    return f"{words.number(found)}: {found}" if isinstance(found, NotEstimable) else words.hazard_ratio(found)
