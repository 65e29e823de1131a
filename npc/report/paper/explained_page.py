"""The section of `report.html` with the maps that `npc explain` made of the leading network."""

import json
import shlex
from pathlib import Path

import pandas as pd

from npc.explain.shown import worth_a_map
from npc.prognosis.analysis import Analysis
from npc.prognosis.runs import Run
from npc.report.explain_words import CHECKS, FIGURE, METHODS, NO_PROOF, READING, checks
from npc.report.kit.page import Figure, Section

_TITLE = "Explanation"
_EARLIER = {"correlation_shuffled_outcomes": "correlation_permuted_outcomes"}  # names in folders of earlier versions
_PATIENTS = "The maps show patients, and are left out (report.patients=false)."


def sections(analysis: Analysis, reports: Path) -> list[Section]:
    """Nothing where the leading signature is not a network.

    Args:
        analysis: of the report.
        reports: folder of all reports; that of `npc explain` is `<name>-explained` in it.
    """
    run = analysis.choice.network
    if run is None:
        return []
    if not analysis.choices.report.patients:
        return [Section(_TITLE, [_PATIENTS])]
    home, chosen = reports / f"{analysis.choices.name}-explained", worth_a_map(run)
    words = ["npc", "explain", str(run.path), "COHORT", "--patients", ",".join(chosen), "-o", str(home)]
    how = (
        f"{shlex.join(words)}, where COHORT stands for the cohort options of this report (--permuted adds maps of a "
        "network that it trains on permuted outcomes)"
    )
    try:
        found = json.loads((home / "results.json").read_text())
        key, method = found["run_key"], METHODS[found["method"]]
        maps = pd.DataFrame(found["maps"]).set_index("patient_id").rename(columns=_EARLIER)
        checked = checks(maps)
        shown = Figure(home / FIGURE, method.caption)
        shown.size  # noqa: B018 - and the figure
    except (OSError, ValueError, KeyError, TypeError):
        return [Section(_TITLE, [f"There are no maps yet. They are made by: {how}."])]
    if key != run.key:
        other = f"{home} has maps of run {key}, and this report is of run {run.key}. Its maps are made by: {how}."
        return [Section(_TITLE, [other])]
    table = pd.DataFrame(
        {
            "Patient": maps.index.astype(str),
            "Shown as": [chosen.get(str(patient), "chosen by hand") for patient in maps.index],
            "Outcome": [_outcome(run, str(patient)) for patient in maps.index],
            **checked,
        }
    )
    return [Section(_TITLE, [NO_PROOF, CHECKS], {}, [shown], {"Maps": READING}, listings={"Maps": table})]


def _outcome(run: Run, patient: str) -> str:
    if patient not in run.predictions.index:
        return "not known"
    row = run.predictions.loc[patient]
    return f"{'event' if row['event'] else 'no event'}, month {row['time']:.1f}"
