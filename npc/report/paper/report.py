"""The report folder of an analysis: results, tables, figures and the page; and what the terminal shows."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.report.kit import words
from npc.report.kit.folder import write_results, write_table
from npc.report.paper import controls, figures, page, results, tables
from npc.report.reviewer import folder as reviewer


def write_report(folder: Path, analysis: Analysis) -> None:
    """Writes `results.json`, `tables/*.csv`, `figures/*`, `report.html`, `reviewer/*` and `statistician/*`."""
    found = results.as_json(analysis)
    write_results(folder, found)
    for name, table in tables.tables(analysis).items():
        write_table(folder, name, table)
    drawn = figures.draw(folder / "figures", analysis)
    page.write(folder / "report.html", analysis, drawn, reviewer.section(analysis, found))
    reviewer.write(folder, analysis, found)


def print_summary(analysis: Analysis, folder: Path) -> None:
    """Prints the AUCs, what is left out, and where the report is."""
    kind = analysis.choices.report.ci
    table = Table(title=f"{analysis.choices.cohort.name}: AUC ({kind} interval)")
    for column in ("model", *analysis.splits.values()):
        table.add_column(column)
    for name, result in analysis.models.items():
        table.add_row(MODELS[name], *(words.auc(result.auc[split], kind) for split in analysis.splits))
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    for note in analysis.choice.notes():
        console.print(Text(note))
    for name, reason in analysis.left_out.items():
        console.print(Text(f"left out: {MODELS[name].lower()}: {reason}"))
    for note in controls.notes(analysis):
        console.print(Text(note))
    for name, result in analysis.models.items():
        for note in result.model.notes:
            console.print(Text(f"{MODELS[name].lower()}: {note}"))
    for share in reviewer.shares(analysis, results.as_json(analysis)):
        console.print(Text(share))
    console.print(Text(f"written to {folder} (open {folder / 'report.html'})"))
