"""`npc sweep report`: a report folder of searches alone, from the runs of sweep files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from npc.errors import InputError
from npc.prognosis.runs import Run, read_run
from npc.report.kit.folder import write_results, write_table
from npc.report.paper import page, search


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
    runs: Sequence[Run], expected: int, stopped: int, folder: Path, *, draws: int, seed: int
) -> dict[str, Any]:
    """Writes `results.json`, tables, figures and `report.html`; gives the results.

    Args:
        runs: finished, of one cohort.
        expected: runs of the sweep.
        stopped: of them early, by successive halving.
        folder: of the report.
        draws: of the bootstrap, and permutations.
        seed: of the draws.

    Raises:
        InputError: there is nothing to compare.
    """
    found = search.figures(runs, draws=draws, seed=seed)
    if not found:
        raise InputError("each variant has one run that is done, and there is but one variant: nothing was chosen")
    results = {"expected": expected, "done": len(runs), "stopped": stopped, "search": found}
    write_results(folder, results)
    write_table(folder, "search", search.table(found))
    write_table(folder, "search_settings", search.settings_table(found))
    drawn = {name: path.with_name(f"{path.name}.png") for name, path in search.draw(folder / "figures", found).items()}
    sections = [page.Section("Runs", completeness(results)), *page.search_sections(found, drawn)]
    page.write_page(folder / "report.html", f"{folder.name}: the search", sections)
    return results


def completeness(results: Mapping[str, Any]) -> list[str]:
    """How many runs the figures are of, and whether it was a search of the whole grid."""
    expected, done, stopped = (results[name] for name in ("expected", "done", "stopped"))
    told = [f"{'complete' if done == expected else 'not complete'}: {done} of {expected} runs are done"]
    if stopped:
        told.append(f"another search than the grid: {stopped} runs were stopped early by successive halving, so the "
                    "figures leave them out, and the price of choosing is higher than they say")  # fmt: skip
    return told
