"""The folders `reviewer` and `statistician` of a report."""

from pathlib import Path

from npc.files import write_text
from npc.prognosis.analysis import Analysis
from npc.report.kit.page import Section, write_page
from npc.report.reviewer import statistician
from npc.report.reviewer.checklists import answer, sections
from npc.report.reviewer.methods import methods
from npc.report.reviewer.model_card import model_card
from npc.report.reviewer.record import Json, record

_TEXT = (
    "Folder reviewer: checklists.html and one table a checklist, answered from this report and its runs, each value "
    "with its source; methods.md, a methods paragraph whose numbers are those of results.json; model_card.md.",
    "Folder statistician: patients.csv with outcome, variables, risks and groups under numbers without relation to the "
    "patient ids (pseudonymous, not anonymous); dictionary.csv; main_figures.R, which repeats the main figures in R.",
)


def write(folder: Path, analysis: Analysis, results: Json) -> None:
    """Writes both folders.

    Args:
        folder: of the report.
        analysis: that it shows.
        results: its `results.json`.
    """
    checklists = answer(record(analysis, results))
    home = folder / "reviewer"
    for one in checklists:
        write_text(home / f"{one.name}.csv", one.table().to_csv(index=False, lineterminator="\n"))
    write_page(home / "checklists.html", f"{analysis.choices.cohort.name}: checklists", sections(checklists))
    write_text(home / "methods.md", methods(results, analysis.choices))
    write_text(home / "model_card.md", model_card(analysis))
    statistician.write(folder / "statistician", analysis)


def shares(analysis: Analysis, results: Json) -> list[str]:
    """How much of each checklist is answered."""
    return [one.share() for one in answer(record(analysis, results))]


def section(analysis: Analysis, results: Json) -> Section:
    """What `report.html` says about them."""
    return Section("For the reviewer", [*_TEXT, *(f"{share}." for share in shares(analysis, results))])
