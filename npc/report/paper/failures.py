"""Patients whom every model gets wrong: numbers for `results.json`, and a section of the page."""

from typing import Any

import pandas as pd

from npc.names import MODELS
from npc.prognosis.failures import Failures, Typical
from npc.report.kit import words
from npc.report.kit.page import Section
from npc.statistics import NotEstimable


def as_json(found: Failures) -> dict[str, Any]:
    """Counts, and each variable; no patient."""
    return {
        "models": list(found.models),
        "n": found.n,
        "wrong": len(found.wrong),
        "missed": found.missed,
        "expected_if_independent": found.expected,
        "shared": [
            {
                "variable": of.title,
                "wrong": _as_json(of.wrong),
                "others": _as_json(of.others),
                **(
                    {"p": None, "note": str(of.test)}
                    if isinstance(of.test, NotEstimable)
                    else {"test": of.test.test, "p": of.test.p}
                ),
            }
            for of in found.shared
        ],
    }


def _as_json(of: Typical | None) -> dict[str, Any] | None:
    if of is None:
        return None
    return (
        {"n": of.n, "median": of.value} if of.level is None else {"n": of.n, "level": of.level, "with": int(of.value)}
    )


def _in_words(of: Typical | None) -> str:
    if of is None:
        return words.number(None)
    if of.level is None:
        return f"median {f'{of.value:.1f}'.removesuffix('.0')}"
    return f"{of.level}: {of.value:.0f} of {of.n}"


def section(found: Failures) -> list[Section]:
    """Nothing where there is one model, or no held-out patient."""
    if len(found.models) < 2 or not found.n:
        return []
    counts = (
        f"{len(found.wrong)} of {found.n} held-out patients are on the wrong side of the threshold of every model: "
        f"{found.missed} with the event and {len(found.wrong) - found.missed} without. If the errors of the "
        f"{len(found.models)} models were independent, {found.expected:.1f} would be expected."
    )
    if not found.shared:
        return [Section("Failures", [counts])]
    rows = [
        {
            "Variable": of.title,
            "Wrong in all": _in_words(of.wrong),
            "Others": _in_words(of.others),
            "P value": words.p_of(of.test),
        }
        for of in found.shared
    ]
    note = "The tests look for what these patients share; they are not corrected for their number, and explain nothing."
    return [Section("Failures", [counts, note], {"Patients whom every model gets wrong": pd.DataFrame(rows)})]


def table(found: Failures) -> pd.DataFrame:
    """A row for each of them: `patient_id`, `split`, `label`, and the risk by each model."""
    return found.wrong.rename(columns=lambda name: MODELS.get(name, name)).reset_index(names="patient_id")
