"""`npc sweep report`: a report folder of searches alone, from the runs of sweep files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from npc.errors import InputError
from npc.prognosis.choice import choose
from npc.prognosis.runs import Run, read_run
from npc.prognosis.search import SearchResult, judge
from npc.report.kit.folder import write_results, write_table
from npc.report.kit.page import Section, write_page
from npc.report.paper import page, results_signatures, search
from npc.report.paper.reading import with_reading


@dataclass(frozen=True)
class SweepReport:
    """What is reported of a sweep.

    Attributes:
        expected: runs of the sweep.
        done: finished ones.
        stopped: runs that successive halving stopped early.
        searches: among the finished ones.
    """

    expected: int
    done: int
    stopped: int
    searches: tuple[SearchResult, ...]

    def as_json(self) -> dict[str, Any]:
        """`results.json`."""
        counts = {"expected": self.expected, "done": self.done, "stopped": self.stopped}
        return {**counts, "search": results_signatures.searches(self.searches)}

    def completeness(self) -> list[str]:
        """How many runs the figures are of, and whether it was a search of the whole grid."""
        state = "complete" if self.done == self.expected else "not complete"
        lines = [f"{state}: {self.done} of {self.expected} runs are done"]
        if self.stopped:
            lines.append(
                f"another search than the grid: {self.stopped} runs were stopped early by successive halving, so the "
                "figures leave them out, and the optimism of the selection is larger than they show"
            )
        return lines


def finished(folders: Sequence[Path]) -> list[Run]:
    """The finished ones of these run folders.

    Raises:
        InputError: none is; or faults of their predictions, of all runs at once.
    """
    runs: list[Run] = []
    faults: list[str] = []
    for folder in folders:
        if (folder / "DONE").exists():
            try:
                runs.append(read_run(folder))
            except InputError as error:
                faults += error.faults
    if faults:
        raise InputError(faults)
    if not runs:
        raise InputError(f"none of the {len(folders)} runs is done; npc sweep run makes them")
    return runs


def report_sweep(
    runs: Sequence[Run],
    expected: int,
    stopped: int,
    folder: Path,
    *,
    labels: Mapping[str, str],
    draws: int,
    seed: int,
) -> SweepReport:
    """Writes `results.json`, tables, figures and `report.html`.

    Args:
        runs: finished, of one cohort.
        expected: runs of the sweep.
        stopped: of them early, by successive halving.
        folder: of the report.
        labels: of the series (`npc.names.series_labels`).
        draws: of the bootstrap, and permutations.
        seed: of the draws.

    Raises:
        InputError: there is nothing to compare, or the runs do not have the same patients, splits and outcomes.
    """
    found = judge(choose(runs), draws=draws, seed=seed)
    if not found:
        raise InputError("each variant has one run that is done, and there is but one variant: nothing was chosen")
    report = SweepReport(expected, len(runs), stopped, found)
    write_results(folder, report.as_json())
    write_table(folder, "search", search.table(found, labels))
    write_table(folder, "search_settings", search.settings_table(found))
    figures = search.draw(folder / "figures", found, labels)
    sections = [Section("Runs", report.completeness()), *page.searches(found, figures, labels)]
    write_page(folder / "report.html", f"{folder.name}: the search", with_reading(sections))
    return report
