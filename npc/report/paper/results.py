"""The figures of a report as `results.json` holds them: plain values, and where there is none a note that says why."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd
from statsmodels.stats.multitest import multipletests

from npc.cohort.clinical import Variable
from npc.prognosis import treatment
from npc.prognosis.groups import GROUPS
from npc.prognosis.models import Model
from npc.prognosis.univariate import Univariate
from npc.report.kit.names import NOT_ESTIMABLE
from npc.statistics import NotEstimable
from npc.statistics.association import Association
from npc.statistics.bootstrap import auc_interval
from npc.statistics.classification import classify
from npc.statistics.cox import Cox, cox
from npc.statistics.delong import delong
from npc.statistics.kaplan_meier import kaplan_meier
from npc.statistics.logrank import Test, logrank
from npc.statistics.restricted_mean import restricted_mean_difference

Figures = dict[str, Any]
TEST, RATIO = ("chi2", "df", "p"), ("estimate", "ci", "p")


def estimated(names: Sequence[str], call: Callable[..., Figures], *arguments: Any) -> Figures:
    """What `call` gives for the arguments; where that is not estimable, the names with None and a note."""
    try:
        return call(*arguments)
    except NotEstimable as reason:
        return {**dict.fromkeys(names), "note": f"{NOT_ESTIMABLE}: {reason}"}


def auc(label: pd.Series, risk: pd.Series, *, draws: int, seed: int) -> Figures:
    """AUC with DeLong's, the logit and the bootstrap interval."""
    counts = {"n": len(label), "events": int(label.sum())}
    empty = {"estimate": None, "ci": None, "ci_logit": None, "ci_bootstrap": None}
    try:
        found = delong(label, risk)
    except NotEstimable as reason:
        return {**empty, **counts, "note": f"{NOT_ESTIMABLE}: {reason}"}
    intervals: Figures = {}
    notes = []
    for name, limits in (
        ("ci", found.interval),
        ("ci_logit", found.logit_interval),
        ("ci_bootstrap", lambda: auc_interval(label, risk, draws=draws, seed=seed)),
    ):
        try:
            intervals[name] = list(limits())
        except NotEstimable as reason:
            intervals[name] = None
            notes.append(f"{name} {NOT_ESTIMABLE}: {reason}")
    told = {"note": "; ".join(notes)} if notes else {}
    return {"estimate": float(found.auc[0]), **intervals, **counts, **told}


def classification(label: pd.Series, risk: pd.Series, threshold: float) -> Figures:
    """Sensitivity, specificity, PPV, NPV and accuracy with Wilson's intervals."""
    return {
        name: {"estimate": share.estimate, "ci": share.ci and list(share.ci), "count": share.count, "n": share.n}
        | ({} if share.n else {"note": f"{NOT_ESTIMABLE}: there is nobody to count"})
        for name, share in classify(label, risk, threshold).items()
    }


def survival(patients: pd.DataFrame, group: pd.Series, stratified: bool = False) -> Figures:
    """Survival of groups: log-rank, hazard ratio of the second against the first, medians, numbers at risk.

    Args:
        patients: `time`, `event`, and `split` for the strata.
        group: ordered categories, two of them; missing is left out.
        stratified: whether to add the log-rank test stratified by cohort.
    """
    known = group.notna()
    patients, group = patients[known], group[known]
    time, event = patients["time"], patients["event"]
    first, second = group.cat.categories
    ticks = list(range(0, int(time.max()) + 1, 12)) if len(time) else []
    curves = {level: kaplan_meier(time[group == level], event[group == level]) for level in group.unique()}
    there = [level for level in (first, second) if level in curves]
    figures = {
        "groups": {
            level: {"n": int((group == level).sum()), "events": int(event[group == level].sum())}
            for level in (first, second)
        },
        "logrank": estimated(TEST, _logrank, time, event, group),
        "hazard_ratio": estimated(RATIO, hazard_ratio, time, event, group),
        "medians": {
            level: {"months": curves[level].median(), "ci": list(curves[level].median_interval())}
            | ({} if curves[level].median() is not None else {"note": "not reached"})
            for level in there
        },
        "at_risk": {
            "months": ticks,
            **{level: [int(n) for n in curves[level].number_at_risk(ticks)] for level in there},
        },
    }
    if stratified:
        figures["logrank_stratified"] = estimated(TEST, _logrank, time, event, group, patients["split"])
    return figures


def hazard_ratio(time: pd.Series, event: pd.Series, group: pd.Series) -> Figures:
    """Of the second category against the first (Cox, Efron), with the test of proportional hazards."""
    found = cox(time, event, group.cat.codes)
    estimate, ci = found.hazard_ratio()
    return {
        "estimate": estimate, "ci": list(ci), "p": float(found.p[0]),
        "proportional_hazards": estimated(TEST, _proportional_hazards, found),
    }  # fmt: skip


def comparisons(patients: pd.DataFrame, risks: pd.DataFrame) -> Figures:
    """Paired DeLong tests of all pairs of models, by cohort; Holm's correction over the pairs of a cohort."""
    figures: Figures = {f"{a}__{b}": {} for a, b in combinations(risks, 2)}
    names = list(risks)
    for split, rows in patients.groupby("split"):
        tests: dict[str, Figures] = {}
        for (i, a), (j, b) in combinations(enumerate(names), 2):
            tests[f"{a}__{b}"] = estimated(("difference", "z", "p"), _compared, rows, risks, i, j)
        known = [pair for pair, test in tests.items() if test["p"] is not None]
        corrected = multipletests([tests[pair]["p"] for pair in known], method="holm")[1] if known else []
        for pair, test in tests.items():
            p_holm = float(corrected[known.index(pair)]) if pair in known else None
            figures[pair][str(split)] = test | {"p_holm": p_holm}
    return figures


def within_groups(patients: pd.DataFrame, group: pd.Series, arm: pd.Series, variables: Sequence[Variable]) -> Figures:
    """Additional against standard treatment in each risk group, and the test of interaction."""
    figures: Figures = {}
    for level in GROUPS:
        here = (group == level) & arm.notna()
        rows, here_arm = patients[here], arm[here]
        figures[level.split()[0]] = {
            **survival(rows, here_arm),
            "rmst_difference": estimated(("months", "ci", "until"), _rmst, rows, here_arm),
            "iptw_hazard_ratio": estimated(RATIO, _weighted, rows, here_arm, variables),
        }

    return figures | {"interaction": estimated(RATIO, _interaction, patients, group, arm)}


def regression(model: Model) -> Figures:
    """Coefficients and odds ratios of a fitted model."""
    fitted = model.fitted
    assert fitted is not None
    rows: list[Figures] = []
    for i, term in enumerate(("intercept", *model.terms)):
        figures = {"coefficient": fitted.coefficient[i], "standard_error": fitted.standard_error[i], "p": fitted.p[i]}
        rows.append({"term": term} | {name: float(value) for name, value in figures.items()})
        if i:
            ratio, ci = fitted.odds_ratio(i - 1)
            rows[-1] |= {"odds_ratio": ratio, "ci": list(ci)}
    return {"method": fitted.method, "separation": fitted.separation, "aic": fitted.aic, "terms": rows}


def tested(found: Association | None, note: str | None) -> Figures:
    """A test of association."""
    if found is None:
        return {"test": None, "p": None, "note": f"{NOT_ESTIMABLE}: {note}"}
    return {"test": found.test, "statistic": found.statistic, "df": found.df, "p": found.p}


def univariate(tests: Sequence[Univariate], significance: float) -> Figures:
    """The tests that choose clinical variables."""
    return {
        test.variable.name: tested(test.test, test.note)
        | {"significant": test.significant(significance), "missing": test.missing}
        for test in tests
    }


def _test(found: Test) -> Figures:
    return {"chi2": found.chi2, "df": found.df, "p": found.p}


def _proportional_hazards(found: Cox) -> Figures:
    if found.proportional_hazards_global is None:
        raise NotEstimable("the events say nothing of a change with time")
    return _test(found.proportional_hazards_global)


def _logrank(*arguments: pd.Series) -> Figures:
    return _test(logrank(*arguments))


def _interaction(patients: pd.DataFrame, group: pd.Series, arm: pd.Series) -> Figures:
    found = treatment.interaction(patients, group, arm)
    ratio, ci = found.hazard_ratio(2)
    return {"estimate": ratio, "ci": list(ci), "p": float(found.p[2])}


def _compared(rows: pd.DataFrame, risks: pd.DataFrame, i: int, j: int) -> Figures:
    found = delong(rows["label"], risks.loc[rows.index]).compare(i, j)
    return {"difference": found.difference, "z": found.z, "p": found.p}


def _rmst(rows: pd.DataFrame, arm: pd.Series) -> Figures:
    """Restricted mean survival, additional minus standard, up to the shorter of both follow-ups."""
    parts = {level: rows[arm == level] for level in arm.cat.categories}
    if any(part.empty for part in parts.values()):
        raise NotEstimable("there is one arm only")
    until = min(float(part["time"].max()) for part in parts.values())
    standard, additional = (kaplan_meier(part["time"], part["event"]) for part in parts.values())
    found = restricted_mean_difference(additional, standard, until)
    return {"months": found.estimate, "ci": list(found.ci), "until": until}


def _weighted(rows: pd.DataFrame, arm: pd.Series, variables: Sequence[Variable]) -> Figures:
    """Hazard ratio weighted by inverse chance of treatment, with Lin and Wei's robust variance (lifelines)."""
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    if arm.nunique() < 2:
        raise NotEstimable("there is one arm only")
    if rows["event"].groupby(arm, observed=True).sum().min() == 0:
        raise NotEstimable("an arm has no event")
    weights = treatment.treatment_weights(rows, arm, variables)
    table = pd.DataFrame({"time": rows["time"], "event": rows["event"], "arm": arm.cat.codes, "weight": weights})
    try:
        found = CoxPHFitter().fit(table, "time", "event", weights_col="weight", robust=True).summary.loc["arm"]
    except ConvergenceError as error:
        raise NotEstimable(str(error).splitlines()[0]) from None
    ci = [float(found[f"exp(coef) {side} 95%"]) for side in ("lower", "upper")]
    return {"estimate": float(found["exp(coef)"]), "ci": ci, "p": float(found["p"])}


def interval_of(figures: Mapping[str, Any], kind: str) -> list[float] | None:
    """The interval that the config asks for: delong, logit or bootstrap."""
    return figures[{"delong": "ci", "logit": "ci_logit", "bootstrap": "ci_bootstrap"}[kind]]


def auc_in_words(figures: Mapping[str, Any], kind: str) -> str:
    """`0.769 (0.694-0.843)`, or not estimable."""
    if figures["estimate"] is None:
        return NOT_ESTIMABLE
    limits = interval_of(figures, kind)
    return f"{figures['estimate']:.3f} ({'–'.join(f'{x:.3f}' for x in limits) if limits else NOT_ESTIMABLE})"
