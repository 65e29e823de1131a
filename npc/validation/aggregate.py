"""`aggregate.json`: the figures of a validation that may leave the hospital: counts, sums and binned curves.

No cell, and none that follows from others, is of fewer than five patients (or more, if asked for). Sums that are told
are those of all patients; `npc.validation.ledger` refuses a second file with some of the same patients.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from npc.bundle.read import Bundle
from npc.names import FEWEST
from npc.prognosis.estimable import estimated
from npc.statistics import NotEstimable
from npc.statistics.concordance import concordance
from npc.statistics.delong import delong
from npc.statistics.logrank import excess_events
from npc.statistics.survival_calibration import calibration_slope
from npc.validation.cells import enough, may_be_told
from npc.validation.measure import Validation, expected_events

FORMAT = 2  # since format 1 a bin has its upper limit, not its lower one, and may lack expected events
SMALLEST = FEWEST  # patients of a cell
DECIMALS = 1  # of the expected events of a bin
FIGURES = 4  # digits of a figure and its variance, which by all digits would tell the order of the patients
EDGES = tuple(percent / 100 for percent in range(5, 100, 5))  # of bins of the absolute risk by the horizon
MANY = 20  # different risks: very many tables of risks and events have the same figures
YEARS = tuple(float(month) for month in range(12, 121, 12))  # limits of the intervals of follow-up, months


def aggregate(bundle: Bundle, found: Validation, smallest: int = SMALLEST) -> dict[str, Any]:
    """The figures, ready for JSON.

    A knows all risks that a model without signature can give, so that by sums of a few of them it would know how many
    patients have which: then no bin has expected events, their sum over all patients has few digits, AUC and
    concordance have no sums, and where few risks differ and a few patients have one of them, no figures either.

    Args:
        bundle: the model.
        found: in the cohort.
        smallest: number of patients of a cell.

    Raises:
        NotEstimable: fewer than `smallest` patients with or without the event.
    """
    patients = found.patients
    n, events = len(patients), int(patients["event"].sum())
    if min(events, n - events) < smallest:
        raise NotEstimable(f"fewer than {smallest} patients with or without the event")
    # a signature may be constant (a radiomic one without any feature) or have no weight, and clinical variables vary
    values = min(found.signature_values, patients["risk"].nunique())
    continuous = bool(bundle.formula.signatures) and values >= min(MANY, n / 2)
    levels = not continuous and patients["risk"].nunique() < MANY
    hidden = levels and not enough(patients[["risk", "event", "label"]], smallest)
    groups = _groups(found, smallest, with_expected=continuous)
    partitions = list(_partitions(found, groups))
    marks = patients[["event", "label"]]
    if hidden or not may_be_told(marks, partitions, smallest):
        marks = patients[["event"]]
    discrimination = [_labelled(patients) if "label" in marks else {}, {} if hidden else _concordance(patients)]
    if not continuous:
        discrimination = [{"figures": of.get("figures", {})} for of in discrimination]
    digits = None if continuous else FIGURES
    parts = [
        *discrimination,
        _calibration(found, marks, partitions, smallest, digits=digits, with_slope=not hidden),
        _logrank(patients) if groups else {},
    ]
    return {
        "format": FORMAT,
        "bundle_sha256": bundle.digest,
        "model": bundle.about["model"],
        "title": bundle.about["title"],
        "endpoint": bundle.about["endpoint"]["name"],
        "smallest_cell": smallest,
        "horizon": found.horizon,
        "patients": n,
        "events": events,
        "sums": {name: value for part in parts for name, value in part.get("sums", {}).items()},
        "figures": {
            name: {key: _rounded(value) for key, value in of.items()}
            for part in parts
            for name, of in part.get("figures", {}).items()
        },
        "groups": groups,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{FIGURES}g}")


def _partitions(found: Validation, groups: Mapping[str, Any]) -> Iterator[np.ndarray]:
    """Who is in each cell whose number is written, as partitions of all patients, (cells, patients).

    Each class of each risk group is in cells by years and in cells by absolute risk; numbers of the same partition can
    be added up, and others not, since their cells overlap.
    """
    patients = found.patients
    classes = (patients["event"] == 1, patients["event"] == 0)
    if not groups:
        yield np.array(classes)
        return
    parts = []
    for name, of in groups.items():
        ours = patients["group"].astype(str) == name
        families = [[_inside(patients["time"], year["from"], year["to"]) for year in of["years"]]]
        if "bins" in of:
            risk = _absolute(found)
            families.append([_inside(risk, each["from"], each["to"]) for each in of["bins"]])
        parts += [[[ours & those & cell for cell in cells] for cells in families] for those in classes]
    for chosen in product(*parts):
        yield np.array([cell for cells in chosen for cell in cells])


def _labelled(patients: pd.DataFrame) -> dict[str, Any]:
    """AUC of the label: pairs of patients with and without it."""
    known = patients[patients["label"].notna()]
    outcome = known["label"].astype(int)
    if outcome.nunique() < 2:
        return {}
    found = delong(outcome, known["risk"])
    pairs = found.events * (found.n - found.events)
    estimate, variance = float(found.auc[0]), float(found.covariance[0, 0])
    sums = {"auc_concordant": estimate * pairs, "auc_pairs": pairs}
    return {"sums": sums, "figures": _on_logit("auc", estimate, variance)}


def _concordance(patients: pd.DataFrame) -> dict[str, Any]:
    found = estimated(concordance, patients["time"], patients["event"], patients["risk"])
    if isinstance(found, NotEstimable):
        return {}
    estimate, variance = float(found.estimate[0]), float(found.covariance[0, 0])
    sums = {"harrell_concordant": estimate * found.pairs, "harrell_pairs": found.pairs}
    return {"sums": sums, "figures": _on_logit("harrell", estimate, variance)}


def _on_logit(name: str, estimate: float, variance: float) -> dict[str, Any]:
    """A share with the variance of its log odds, unless the share is written as 0 or 1, which have none."""
    if not 0 < _rounded(estimate) < 1 or not variance > 0:
        return {}
    return {name: {"estimate": estimate, "variance_of_logit": variance / (estimate * (1 - estimate)) ** 2}}


def _calibration(
    found: Validation,
    marks: pd.DataFrame,
    partitions: Sequence[np.ndarray],
    smallest: int,
    *,
    digits: int | None,
    with_slope: bool,
) -> dict[str, Any]:
    """Observed and expected events, and the slope of the linear predictor, as long as the model's baseline reaches."""
    if isinstance(form := found.form, NotEstimable):
        return {}
    patients, end = found.patients, min(form.baseline.end, float(found.patients["time"].max()))
    those = (patients["event"] == 1) & (patients["time"] <= end)
    observed = int(those.sum())
    if observed < smallest or not may_be_told(marks.assign(observed=those), partitions, smallest):
        return {}
    expected = estimated(lambda: float(expected_events(form, patients, end).sum()))
    if isinstance(expected, NotEstimable):
        return {}
    if digits:
        expected = float(f"{expected:.{digits}g}")
    predictor = form.predictor[patients.index]
    figures: dict[str, Any] = {
        "intercept": {"estimate": float(np.log(observed / expected)), "variance": 1 / observed},
    }
    slope = estimated(calibration_slope, patients["time"], patients["event"], predictor, end)
    if with_slope and not isinstance(slope, NotEstimable) and not isinstance(slope.ci, NotEstimable):
        half = (slope.ci[1] - slope.ci[0]) / 2
        figures["slope"] = {"estimate": slope.estimate, "variance": (half / 1.959963984540054) ** 2}
    return {"sums": {"observed": observed, "expected": expected}, "figures": figures}


def _logrank(patients: pd.DataFrame) -> dict[str, Any]:
    """Events of the high-risk group beyond those expected, and their variance (Peto)."""
    number = patients["group"].cat.codes.to_numpy()
    excess, variance = excess_events(patients["time"].to_numpy(), patients["event"].to_numpy(), number, 2)
    if not variance[1, 1] > 0:
        return {}
    return {"sums": {"logrank_excess": float(excess[1]), "logrank_variance": float(variance[1, 1])}}


def _groups(found: Validation, smallest: int, *, with_expected: bool) -> dict[str, Any]:
    """Both risk groups, or none: the numbers of one follow from those of the other."""
    groups = dict(list(found.patients.groupby("group", observed=False)))
    if min(_both(rows) for rows in groups.values()) < smallest:
        return {}
    return {str(name): _group(rows, found, smallest, with_expected) for name, rows in groups.items()}


def _group(rows: pd.DataFrame, found: Validation, smallest: int, with_expected: bool) -> dict[str, Any]:
    """One risk group: its patients by year of follow-up and by absolute risk."""
    written = {
        "patients": len(rows),
        "events": int(rows["event"].sum()),
        "years": list(_years(rows, smallest)),
    }
    risk = estimated(lambda: _absolute(found)[rows.index])
    if not isinstance(risk, NotEstimable):
        written["bins"] = list(_bins(rows, risk, smallest, with_expected))
    return written


def _absolute(found: Validation) -> pd.Series:
    if isinstance(found.form, NotEstimable):
        raise NotEstimable(str(found.form))
    index = found.patients.index
    return pd.Series(found.form.probability(index, [found.horizon])[:, 0], index)


def _years(rows: pd.DataFrame, smallest: int) -> Iterator[dict[str, Any]]:
    """At risk, events and censored by interval of follow-up."""
    at_risk = len(rows)
    for low, high, events, others, _ in _merged(rows, rows["time"], [0.0, *YEARS, np.inf], smallest):
        until = None if np.isinf(high) else high  # an end would be one patient's follow-up
        yield {"from": low, "to": until, "at_risk": at_risk, "events": events, "censored": others}
        at_risk -= events + others


def _bins(rows: pd.DataFrame, risk: pd.Series, smallest: int, with_expected: bool) -> Iterator[dict[str, Any]]:
    """Patients, events and the sum of the absolute risks, by absolute risk."""
    for low, high, events, others, inside in _merged(rows, risk, [0.0, *EDGES, 1.0], smallest):
        found = {"from": low, "to": high, "patients": events + others, "events": events}
        yield found | ({"expected": round(float(risk[inside].sum()), DECIMALS)} if with_expected else {})


def _merged(
    rows: pd.DataFrame, values: pd.Series, edges: list[float], smallest: int
) -> Iterator[tuple[float, float, int, int, pd.Series]]:
    """Neighbouring bins joined until each has enough patients with and without the event: limits, both, and who."""
    starts, found = [edges[0]], []
    for high in edges[1:]:
        inside, rest = _inside(values, starts[-1], high), values > high
        enough = [_both(rows[part]) >= smallest for part in (inside, rest)]
        if high == edges[-1] or all(enough):
            found.append((float(starts[-1]), float(high), inside))
            starts.append(high)
    for low, high, inside in found:
        events = int(rows.loc[inside, "event"].sum())
        yield low, high, events, int(inside.sum()) - events, inside


def _inside(values: pd.Series, low: float, high: float | None) -> pd.Series:
    """Above the low limit, up to the high one; as months up to a landmark. The first bin has its low limit, too."""
    return ((values > low) | (values == 0) & (low == 0)) & (values <= (np.inf if high is None else high))


def _both(rows: pd.DataFrame) -> int:
    """Patients of the rarer class."""
    events = int(rows["event"].sum())
    return min(events, len(rows) - events)
