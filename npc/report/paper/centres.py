"""`evaluate.py split=leave_one_centre_out`: a report folder of hospitals that were each the test cohort once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from npc.names import METHODS, NOT_ESTIMABLE, variant_in_words
from npc.prognosis.centres import Centre, Difference, Pooled, Variant
from npc.report.kit import words
from npc.report.kit.figure import COLUMN, drawing
from npc.report.kit.folder import write_results, write_table
from npc.report.kit.page import Figure, Section, write_page
from npc.report.paper.result_parts import note
from npc.statistics import NotEstimable
from npc.statistics.holm import holm
from npc.statistics.random_effects import RandomEffects

TEXT = (
    "Each hospital is the test cohort of a run that learned from all others. The pooled AUC is the mean over hospitals "
    "by random effects of its log odds: restricted maximum likelihood, interval of Hartung and Knapp. The prediction "
    "interval is where the AUC of another hospital is expected; Q tests whether the hospitals differ. The networks of "
    "two hospitals share most of their training patients, which these figures leave out of account."
)
_READING = {
    "AUC by hospital": "An interval that contains 0.5 is compatible with no discrimination in that hospital.",
    "Differences of AUC between variants": "Difference: first minus second variant, on the same patients; corrected "
    "for all pairs by Holm's method.",
}


def write_centres(
    folder: Path, found: Sequence[Variant], differences: Sequence[Difference], labels: Mapping[str, str], ci: str
) -> list[str]:
    """Writes `results.json`, `tables/`, `figures/` and `report.html`; gives the lines for the terminal.

    Args:
        folder: of the report.
        found: the variants.
        differences: between them.
        labels: of the image series.
        ci: kind of interval of the AUC of a hospital.
    """
    names = {(of.method, of.name): _title(of.method, of.name, labels) for of in found}
    hospitals = pd.DataFrame(row for of in found for row in _rows(of, names[of.method, of.name], ci))
    corrected = holm(of.effects for of in differences)
    write_results(folder, {
        "leave_one_centre_out": [_variant(of) for of in found],
        "differences": [
            {"first": list(of.first), "second": list(of.second), **_effects(of.effects), "p_holm": p}
            for of, p in zip(differences, corrected, strict=True)
        ],
    })  # fmt: skip
    write_table(folder, "centres", hospitals)
    tables = {"AUC by hospital": hospitals}
    if differences:
        tables["Differences of AUC between variants"] = compared = pd.DataFrame(
            _compared(of, names, p) for of, p in zip(differences, corrected, strict=True)
        )
        write_table(folder, "differences", compared)
    figures = []
    for of in found:
        path = folder / "figures" / f"centres_{of.method}_{of.name}"
        _draw(path, of, ci)
        figures.append(Figure(path, f"AUC by hospital, {names[of.method, of.name]}"))
    notes = [
        f"{names[of.method, of.name]}: no finished run of {', '.join(of.without)}; run the training again"
        for of in found
        if of.without
    ]
    write_page(folder / "report.html", f"{folder.name}: leave one centre out", [
        Section("Hospitals", [TEXT, *notes], tables, figures, _READING)
    ])  # fmt: skip
    printed = [
        " | ".join(map(str, row)) for row in hospitals[["Variant", "Hospital", "Events / patients", "AUC"]].to_numpy()
    ]
    return [*printed, *notes, f"written to {folder} (open {folder / 'report.html'})"]


def _title(method: str, name: str, labels: Mapping[str, str]) -> str:
    series, slices = variant_in_words(name, labels)
    return f"{METHODS[method]}, {series}, {slices.lower()}"


def _rows(of: Variant, title: str, ci: str) -> list[dict[str, str]]:
    rows = [
        {
            "Variant": title,
            "Hospital": centre.name,
            "Events / patients": f"{centre.auc.events} / {centre.auc.n}",
            "AUC": words.auc(centre.auc, ci),
            "Expected events": _expected(centre),
        }
        for centre in of.centres
    ]
    pooled = [centre for centre, used in _used(of) if used]
    total = f"{sum(c.auc.events for c in pooled)} / {sum(c.auc.n for c in pooled)}"
    absent = [centre.name for centre, used in _used(of) if not used]
    of_all = f"pooled, without {', '.join(absent)} (no variance)" if absent else "pooled"
    if not isinstance(of.pooled, Pooled):
        return [
            *rows,
            {
                "Variant": title,
                "Hospital": "pooled",
                "Events / patients": total,
                "AUC": f"{NOT_ESTIMABLE}: {of.pooled}",
            },
        ]
    effects, limits = of.pooled.effects, of.pooled.prediction
    predicted = NOT_ESTIMABLE if isinstance(limits, NotEstimable) else words.with_interval(of.pooled.estimate, limits)
    return [
        *rows,
        {"Variant": title, "Hospital": of_all, "Events / patients": total,
         "AUC": words.with_interval(of.pooled.estimate, of.pooled.ci)},
        {"Variant": title, "Hospital": "prediction interval", "AUC": predicted},
        {"Variant": title, "Hospital": "difference between hospitals",
         "AUC": f"Q {effects.q:.2f}, {effects.df} df, {words.p_in_text(effects.q_p)}, I² {effects.i2:.0%}"},
    ]  # fmt: skip


def _used(of: Variant) -> list[tuple[Centre, bool]]:
    """The hospitals, and whether each has a part in the pooled AUC."""
    used = of.pooled.used if isinstance(of.pooled, Pooled) else [False] * len(of.centres)
    return list(zip(of.centres, used, strict=True))


def _expected(centre: Centre) -> str:
    return NOT_ESTIMABLE if isinstance(centre.calibration, NotEstimable) else f"{centre.calibration.expected:.1f}"


def _compared(of: Difference, names: Mapping[tuple[str, str], str], corrected: float | None) -> dict[str, str]:
    variants = {"Variants": f"{names[of.first]} – {names[of.second]}"}
    if isinstance(of.effects, NotEstimable):
        return variants | {"Difference of AUC": f"{NOT_ESTIMABLE}: {of.effects}"}
    return variants | {
        "Difference of AUC": words.with_interval(of.effects.estimate, of.effects.ci),
        "P value": words.p_value(of.effects.p),
        "P value (Holm)": words.p_value(corrected),
        "Q, P value": words.p_value(of.effects.q_p),
    }


def _variant(of: Variant) -> dict[str, Any]:
    return {
        "method": of.method,
        "variant": of.name,
        "centres": [_centre(centre) for centre in of.centres],
        "without_run": list(of.without),
        "pooled": {"auc": None, "ci": None, **note(of.pooled)} if isinstance(of.pooled, NotEstimable) else {
            "auc": of.pooled.estimate, "ci": list(of.pooled.ci), "prediction": _limits(of.pooled.prediction),
            "log_odds": _effects(of.pooled.effects), "centres": [centre.name for centre, used in _used(of) if used],
        },
    }  # fmt: skip


def _centre(centre: Centre) -> dict[str, Any]:
    auc, fit = centre.auc, centre.calibration
    return {
        "centre": centre.name, "run_key": centre.run.key, "n": auc.n, "events": auc.events,
        **({"auc": None, **note(auc.estimate)} if isinstance(auc.estimate, NotEstimable) else {"auc": auc.estimate}),
        "ci": {kind: _limits(limits) for kind, limits in auc.intervals.items()},
        "calibration": note(fit) if isinstance(fit, NotEstimable) else {
            "observed": fit.observed, "expected": fit.expected, "intercept": fit.intercept, "slope": fit.slope,
        },
    }  # fmt: skip


def _effects(found: RandomEffects | NotEstimable) -> dict[str, Any]:
    if isinstance(found, NotEstimable):
        return {"estimate": None, "ci": None, "p": None, **note(found)}
    return {
        "estimate": found.estimate, "standard_error": found.standard_error, "ci": list(found.ci), "p": found.p,
        "prediction": _limits(found.prediction), "tau2": found.tau2, "i2": found.i2, "q": found.q, "df": found.df,
        "q_p": found.q_p,
    }  # fmt: skip


def _limits(limits: tuple[float, float] | NotEstimable) -> list[float] | dict[str, Any]:
    return note(limits) if isinstance(limits, NotEstimable) else list(limits)


def _draw(path: Path, of: Variant, ci: str) -> None:
    """A forest plot: each hospital, the pooled AUC, and below it the prediction interval."""
    lines: list[tuple[str, float | None, Any]] = [
        (c.name, None if isinstance(c.auc.estimate, NotEstimable) else c.auc.estimate, c.auc.intervals.get(ci))
        for c in of.centres
    ]
    if isinstance(of.pooled, Pooled):
        lines += [("Pooled", of.pooled.estimate, of.pooled.ci), ("Prediction interval", None, of.pooled.prediction)]
    with drawing(path, width=COLUMN, height=14 + 5 * len(lines)) as figure:
        axes = figure.subplots()
        for row, (_, value, limits) in enumerate(lines):
            if limits is not None and not isinstance(limits, NotEstimable):
                axes.plot(limits, [row, row], color="black", linewidth=0.8)
            if value is not None:
                axes.plot(value, row, "D" if row == len(of.centres) else "s", color="black", markersize=3.5)
        axes.axvline(0.5, color="0.6", linewidth=0.6)
        axes.set_yticks(range(len(lines)), [name for name, _, _ in lines])
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xlabel("AUC")
