"""The model card of a bundle (Mitchell et al., FAT* 2019): what it predicts, from what, for whom, how well."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from npc.bundle.population import as_table
from npc.names import METHODS, PAPER_SERIES, SLICES, SPLITS


def card(
    about: Mapping[str, Any],
    formula: Mapping[str, Any],
    population: Mapping[str, Any],
    signatures: Mapping[str, Mapping[str, Any]],
) -> str:
    """The card as Markdown.

    Args:
        about: `model.json`.
        formula: `formula.json`.
        population: `population.json`.
        signatures: settings of each, by term.
    """
    endpoint = about["endpoint"]
    until = f" within {endpoint['months']:g} months" if endpoint["months"] else ""
    parts = [
        f"# {about['title']}",
        f"It predicts {endpoint['name']}{until}. A higher risk means a worse prognosis; a risk above "
        f"{formula['cutoff']:.4g}, the median of the training cohort, is the high-risk group.",
        f"**Intended use**: {about['use']}.",
        f"**Licence**: {about['licence']}.",
        "## What it needs",
        *(_signature(of) for of in signatures.values()),
        *([_regions(about["rois"])] if about.get("rois") else []),
        *([_clinical(formula)] if formula["variables"] else []),
        "## Where it was made",
        f"Training cohort: {population['patients']} patients. A limit of a range is a percentile beyond which at least "
        "five patients lie.",
        _markdown(as_table(population)),
        "## Its figures there",
        _markdown(_figures(about["figures"])),
        f"Made by npc {about['made_by']['npc']}, Python {about['made_by']['python']}.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _signature(of: Mapping[str, Any]) -> str:
    images = ", ".join(f"{PAPER_SERIES.get(name, name)} (`{name}`)" for name in of["sequences"])
    text = f"- {METHODS[of['method']]}: {images} with the outline of the tumour; {SLICES[of['slices']].lower()}."
    if encoder := of.get("encoder"):
        text += f" Encoder {encoder['model']} ({encoder['library']}), licence of its weights: {encoder['licence']}."
    return text


def _regions(rois: Mapping[str, int | str]) -> str:
    named = ", ".join(f"{name} ({value!r})" for name, value in rois.items())
    return f"- Regions of the outline, with their values or names in the training cohort: {named}."


def _clinical(formula: Mapping[str, Any]) -> str:
    lines = [
        f"- `{of['name']}`: {of['label'] or of['name']}; {of['kind']}"
        + (f", cut {of['cut']}" if of["cut"] else "")
        + (f", one of {', '.join(of['levels'])}" if of["levels"] else "")
        + f"; where it is missing, {formula['fill'][of['name']]} is used"
        for of in formula["variables"]
    ]
    return "\n".join(lines)


def _figures(figures: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    rows = []
    for split, of in figures.items():
        interval = f" ({of['ci'][0]:.3f} to {of['ci'][1]:.3f})" if of["ci"] else ""
        auc = "not estimable" if of["auc"] is None else f"{of['auc']:.3f}{interval}"
        rows.append((SPLITS[split], of["n"], of["events"], auc))
    return pd.DataFrame(rows, columns=["cohort", "patients", "events", "AUC"])


def _markdown(table: pd.DataFrame) -> str:
    if table.empty:
        return ""
    lines = [list(table.columns), ["---"] * table.shape[1], *table.astype(str).values.tolist()]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)
