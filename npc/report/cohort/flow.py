"""The report on the flow of patients: counts, who was left out, and the diagram."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd

from npc.cohort.flow import Flow, flow
from npc.report.kit.flow_figure import draw_flow
from npc.report.kit.folder import write_results, write_table


def write_flow(folder: Path, exclusions: pd.DataFrame, analysed: pd.DataFrame) -> Flow:
    """Writes the counts, who was left out and the diagram into a report folder; gives the counts.

    Args:
        folder: gets `results.json`, `tables/exclusions.csv` and `figures/flow`.
        exclusions: as for `npc.cohort.flow.flow`.
        analysed: the same.
    """
    counts = flow(exclusions, analysed)
    write_results(folder, asdict(counts))
    write_table(folder, "exclusions", exclusions)
    draw_flow(folder / "figures" / "flow", counts)
    return counts
