"""The flow of patients (CONSORT, STROBE): from all of a cohort to those analysed, by centre, as counts."""

from pathlib import Path
from typing import Any

import pandas as pd

from npc.report.cohort.flow_figure import draw_flow
from npc.report.kit.folder import write_results, write_table

SPLITS = {"train": "Training", "validation": "Internal validation", "test": "External test"}
NOT_EXTERNAL = "Test"  # patients of hospitals that also train


def flow(exclusions: pd.DataFrame, analysed: pd.DataFrame) -> dict[str, Any]:
    """Counts of each step, ready for JSON.

    Args:
        exclusions: `centre` and `reason` of each patient who was left out, in the order of the steps.
        analysed: `centre` of each patient who was not, and where there is one, the `split` (train, validation, test).

    Returns:
        `centres`, those with the most patients first; `steps`, each with its `kind` (`all`, `left out`, `analysed`,
        `split`), its `label`, and `patients`, in all and by centre, in the order of `centres`. A reason is one step;
        a split without patients is none.
    """
    everybody = pd.concat([exclusions["centre"], analysed["centre"]], ignore_index=True).astype(str)
    centres = sorted(everybody.unique(), key=lambda centre: (-(everybody == centre).sum(), centre))

    def step(kind: str, label: str, of: pd.Series) -> dict[str, Any]:
        return {"kind": kind, "label": label, "patients": [len(of), *(int((of == name).sum()) for name in centres)]}

    steps = [step("all", "All patients", everybody)]
    for reason, left_out in exclusions.groupby("reason", sort=False):
        steps.append(step("left out", str(reason), left_out["centre"].astype(str)))
    steps.append(step("analysed", "Analysed", analysed["centre"].astype(str)))
    if "split" in analysed:
        groups = {name: analysed.loc[analysed["split"] == name, "centre"].astype(str) for name in SPLITS}
        labels = SPLITS | ({"test": NOT_EXTERNAL} if set(groups["train"]) & set(groups["test"]) else {})
        steps += [step("split", labels[name], group) for name, group in groups.items() if len(group)]
    return {"centres": centres, "steps": steps}


def as_lines(counts: dict[str, Any]) -> list[str]:
    """The counts as lines of text."""
    lines = []
    for step in counts["steps"]:
        total, *parts = step["patients"]
        by_centre = ", ".join(f"{centre} {n}" for centre, n in zip(counts["centres"], parts, strict=True))
        lines.append(f"{'left out: ' * (step['kind'] == 'left out')}{step['label']}: {total} ({by_centre})")
    return lines


def write_flow(folder: Path, exclusions: pd.DataFrame, analysed: pd.DataFrame) -> dict[str, Any]:
    """Writes the counts, who was left out and the diagram into a report folder; gives the counts (`flow`)."""
    counts = flow(exclusions, analysed)
    write_results(folder, counts)
    write_table(folder, "exclusions", exclusions)
    draw_flow(folder / "figures" / "flow", counts)
    return counts
