"""The statistician's folder: one table of patients, its dictionary, and an R script that repeats the main figures."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from npc.cohort import clinical
from npc.cohort.clinical import Variable
from npc.config.values import plain
from npc.files import write_text
from npc.names import MODELS, RISK_GROUPS
from npc.prognosis.analysis import Analysis
from npc.statistics import NotEstimable

SCRIPT = Path(__file__).parent / "main_figures.R"
_DICTIONARY = ("column", "meaning", "kind", "unit", "levels")


def write(folder: Path, analysis: Analysis) -> None:
    """Writes `patients.csv`, `dictionary.csv` and `main_figures.R`.

    Args:
        folder: `statistician` of a report.
        analysis: of the report.
    """
    table = patients(analysis)
    write_text(folder / "patients.csv", table.to_csv(index=False, lineterminator="\n"))
    write_text(folder / "dictionary.csv", dictionary(analysis, table).to_csv(index=False, lineterminator="\n"))
    write_text(folder / SCRIPT.name, SCRIPT.read_text(encoding="utf-8"))


def patients(analysis: Analysis) -> pd.DataFrame:
    """A row a patient, in the order of pseudonyms, numbers drawn anew for each report: no patient id is in the table.

    Columns: `pseudonym`, `centre`, `split`, `label`, `time` in months, `event`, the clinical variables, and of each
    model `risk_<model>`, `held_out_risk_<model>` where it has out-of-fold risks of training patients, `group_<model>`
    and `absolute_risk_<model>`.
    """
    followed = analysis.followed
    # not by a seed: who knows it and the ids could draw the numbers again
    numbers = np.random.default_rng().permutation(len(followed)) + 1
    table = followed[["centre", "split", "label", "time", "event"]].copy()
    table["label"] = table["label"].astype("Int64")
    for variable in _variables(analysis):
        table[variable.name] = followed[variable.name]
    for name, result in analysis.models.items():
        table[f"risk_{name}"] = result.model.risk
        if not result.model.held_out.equals(result.model.risk):
            table[f"held_out_risk_{name}"] = result.model.held_out
        table[f"group_{name}"] = result.group
        absolute = _absolute(analysis, name)
        if absolute is not None:
            table[f"absolute_risk_{name}"] = absolute
    table.insert(0, "pseudonym", numbers)
    return table.sort_values("pseudonym")


def dictionary(analysis: Analysis, table: pd.DataFrame) -> pd.DataFrame:
    """A row a column of the table of patients.

    Args:
        analysis: of the report.
        table: of `patients`.
    """
    endpoint, horizon = analysis.choices.endpoint, analysis.choices.report.horizon
    splits = "; ".join(f"{split} ({title})" for split, title in analysis.splits.items())
    rows = [
        ("pseudonym", "number in random order, without relation to the patient id", "identifier", "", ""),
        ("centre", "hospital", "categorical", "", "; ".join(sorted(map(str, table["centre"].unique())))),
        ("split", "cohort of the patient", "categorical", "", splits),
        ("label", f"{endpoint.name}, as the {endpoint.kind} label of AUCs and regressions; empty: not known", "binary",
         "", "0 (no); 1 (yes)"),
        ("time", f"follow-up to {endpoint.name} or censoring", "continuous", "months", ""),
        ("event", f"{endpoint.name} at the end of this time", "binary", "", "0 (censored); 1 (event)"),
    ]  # fmt: skip
    rows += [_clinical(variable, table[variable.name]) for variable in _variables(analysis)]
    for name in analysis.models:
        title = MODELS[name].lower()
        rows += [
            (f"risk_{name}", f"risk by the {title}, of the final fit; higher is worse", "continuous", "", ""),
            (f"held_out_risk_{name}", "the same, out of fold for training patients: fixes threshold, cut-off and "
             f"groups of the {title}", "continuous", "", ""),
            (f"group_{name}", f"risk group by the {title}", "categorical", "", "; ".join(RISK_GROUPS.values())),
            (f"absolute_risk_{name}", f"probability of {endpoint.name} by month {horizon:g}, by the Cox form of the "
             f"{title}", "continuous", "probability", ""),
        ]  # fmt: skip
    return pd.DataFrame([row for row in rows if row[0] in table], columns=_DICTIONARY)


def _variables(analysis: Analysis) -> tuple[Variable, ...]:
    return clinical.parse(plain(analysis.choices.cohort)["clinical"])


def _clinical(variable: Variable, values: pd.Series) -> tuple[str, str, str, str, str]:
    """The unit is what the variable's label has in brackets at its end."""
    unit = re.search(r"\(([^()]+)\)$", variable.title) if variable.kind == "continuous" else None
    meaning = f"{variable.title}; the models use {variable.cut} as yes or no" if variable.cut else variable.title
    levels = variable.levels or (() if variable.kind == "continuous" else sorted(map(str, values.dropna().unique())))
    return variable.name, meaning, variable.kind, unit[1] if unit else "", "; ".join(levels)


def _absolute(analysis: Analysis, name: str) -> pd.Series | None:
    """By the report's horizon, of all patients; None where no cohort has them."""
    parts = [
        pd.Series(found.calibration.probability, analysis.followed.index[analysis.followed["split"] == split])
        for split, found in analysis.times[name].cohorts.items()
        if not isinstance(found.calibration.probability, NotEstimable)
    ]
    return pd.concat(parts) if parts else None
