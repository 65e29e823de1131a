"""A fitted model as plain values: what another hospital needs to get the same risks, and no patient."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.prognosis.absolute_risk import CoxForm
from npc.prognosis.models import Model
from npc.prognosis.scales import Scale, points_per_log_odds
from npc.statistics import NotEstimable
from npc.statistics.risk_interval import HazardVariance

LONGEST = 120  # months


def as_plain(
    model: Model, form: CoxForm | NotEstimable, runs: Mapping[str, str], patients: pd.DataFrame
) -> dict[str, Any]:
    """A model's terms, how its clinical variables become numbers, its nomogram, and its Cox form.

    Args:
        model: fitted.
        form: its Cox regression.
        runs: run key of each of its signatures, by term.
        patients: of its nomogram, with the clinical variables.

    Returns:
        ready for JSON: `signatures` (`runs`); `intercept` and `coefficient` by term (None where the risk is the
        signature's own); `variables`, `fill` and `levels` (`npc.prognosis.encoding.Encoding`); `nomogram` (None without
        coefficients): `points` of a unit of log odds, and by part its `title`, `terms` and `low`, the log odds of 0
        points; `cox` (None where there is none): `coefficient` and `centre` by term, and the cumulative baseline
        hazard at whole `months`, since the times at which it rises are those of single patients; and `interval`, what
        its limits need (`npc.statistics.risk_interval.HazardVariance`), whose arrays have the order of the terms.
    """
    fitted, encoding = model.fitted, model.encoding
    return {
        "signatures": dict(runs),
        "intercept": None if fitted is None else float(fitted.coefficient[0]),
        "coefficient": None
        if fitted is None
        else dict(zip(model.terms, map(float, fitted.coefficient[1:]), strict=True)),
        "variables": [_variable(variable) for variable in model.variables],
        "fill": dict(encoding.fill) if encoding else {},
        "levels": {name: list(levels) for name, levels in encoding.levels.items()} if encoding else {},
        "nomogram": None if fitted is None else _nomogram(model.scales(patients)),
        "cox": None if isinstance(form, NotEstimable) else _cox(form),
    }


def _nomogram(scales: Mapping[str, Scale]) -> dict[str, Any]:
    parts = {name: {"title": of.title, "terms": list(of.terms), "low": of.low} for name, of in scales.items()}
    return {"points": points_per_log_odds(scales.values()), "parts": parts}


def _variable(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "kind": variable.kind,
        "levels": list(variable.levels),
        "cut": str(variable.cut) if variable.cut else None,
        "label": variable.label,
    }


def _cox(form: CoxForm) -> dict[str, Any]:
    months = np.arange(1, min(int(form.baseline.end), LONGEST) + 1)
    return {
        "coefficient": dict(form.coefficient),
        "centre": dict(form.centre),
        "months": months.tolist(),
        "cumulative_hazard": form.baseline.cumulative_hazard(months).tolist(),
        "interval": {"months": list(form.months), **_arrays(form.variance)} if form.variance and form.months else None,
    }


def _arrays(of: HazardVariance) -> dict[str, Any]:
    return {name: value.tolist() for name, value in vars(of).items()}
