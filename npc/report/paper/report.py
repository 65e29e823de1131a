"""The report folder of an analysis: results, tables, figures and the page; and what the terminal shows."""

from pathlib import Path

from rich.table import Table

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.report.kit import words
from npc.report.kit.document import write_document
from npc.report.kit.folder import write_results, write_table
from npc.report.kit.latex import write_latex
from npc.report.kit.page import write_page
from npc.report.paper import controls, figures, page, patients_page, results, seeds, tables
from npc.report.paper.images import read_images
from npc.report.reviewer import folder as reviewer
from npc.terminal import console, say


def write_report(folder: Path, analysis: Analysis) -> None:
    """Writes `results.json`, `tables/*.csv`, `figures/*`, `report.html`, `tables.docx`, `tables.tex`, and two folders.

    `reviewer/` has checklists and texts, `statistician/` the patients' risks and an R script.
    """
    found = results.as_json(analysis)
    write_results(folder, found)
    for name, table in tables.tables(analysis).items():
        write_table(folder, name, table)
    drawn, images = figures.draw(folder / "figures", analysis), read_images(analysis)
    if len(table1 := patients_page.acquisition(analysis, images)):
        write_table(folder, "table1", table1)
    else:
        (folder / "tables" / "table1.csv").unlink(missing_ok=True)  # of an earlier report
    title = page.title(analysis)
    sections = page.sections(analysis, drawn, images, reviewer.section(analysis, found), folder.parent)
    write_page(folder / "report.html", title, sections)
    write_document(folder / "tables.docx", title, sections)
    write_latex(folder / "tables.tex", sections)
    reviewer.write(folder, analysis, found)


def print_summary(analysis: Analysis, folder: Path) -> None:
    """Prints the AUCs, what is left out, and where the report is."""
    kind = analysis.choices.report.ci
    table = Table(title=f"{analysis.choices.cohort.name}: AUC ({kind} interval)")
    for column in ("model", *analysis.splits.values()):
        table.add_column(column)
    for name, result in analysis.models.items():
        table.add_row(MODELS[name], *(words.auc(result.auc[split], kind) for split in analysis.splits))
    console().print(table)
    for note in analysis.choice.notes():
        say(note)
    for name, reason in analysis.left_out.items():
        say(f"left out: {MODELS[name].lower()}: {reason}")
    for sentence in seeds.sentences(analysis.seeds, analysis.splits, analysis.labels):
        say(sentence)
    for note in controls.notes(analysis):
        say(note)
    for name, result in analysis.models.items():
        for note in result.model.notes:
            say(f"{MODELS[name].lower()}: {note}")
    for share in reviewer.shares(analysis, results.as_json(analysis)):
        say(share)
    say(f"written to {folder} (open {folder / 'report.html'})")
