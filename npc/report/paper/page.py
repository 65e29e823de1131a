"""`report.html`: the tables and figures of a report in one file that needs no network."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from npc.files import write_text
from npc.report.kit.names import MODELS
from npc.report.paper import radiomic, search, table2, table3, tables
from npc.report.paper.report import Report


def write(path: Path, report: Report, figures: Mapping[str, Path]) -> None:
    """Writes the page of a report.

    Args:
        path: `report.html`.
        report: in memory.
        figures: PNG files by caption.
    """
    found = report.found
    notes = [f"{MODELS[name]}: {note}" for name, model in found["models"].items() for note in model["notes"]]
    notes += [f"{MODELS[name]} is left out: {reason}" for name, reason in found["left_out"].items()]
    told = found["treatment"].get("note")
    treatment = [told] if told else [
        "Additional against standard treatment within risk groups is the paper's analysis. Treatment was not drawn by "
        "lot, and a score that contains the treatment groups patients by what is compared. Beside it stand the "
        "weighted hazard ratio (IPTW), the difference of restricted means and the test of interaction."
    ]  # fmt: skip
    rules = [f"{rule}: {said}" for rule, said in found["provenance"]["rules"].items()]
    runs = pd.DataFrame(found["provenance"]["runs"])[["run_key", "method", "variant", "validation_auc"]]
    sections = [
        Section("Models", notes, {"AUC (95% interval)": tables.aucs(report)}, _named(figures, "ROC")),
        Section("Comparisons", (), {"Paired DeLong tests": tables.comparisons(report),
                                    "At Youden's threshold of the training cohort": tables.classification(report)}),
        Section("Risk groups", (), {"High against low risk": tables.survival(report)}, _named(figures, "Kaplan")),
        Section("Treatment", treatment, {"Within risk groups": tables.treatment(report)}, _named(figures, "Treat")),
        Section("Regressions", (), {"Clinical variables, training cohort": tables.univariate(report),
                                    "Fitted models": tables.regression(report)}, _named(figures, "Nomogram")),
        Section("Patients", (), {"Table 2": table2.table(found["table2"])}, _named(figures, "Flow")),
        Section("Variants", ("In square brackets the paper's figure.",),
                {"Table 3": table3.table(found["table3"], report.config.report.ci)}),
        *_radiomics(found["radiomics"], figures),
        *search_sections(found["search"], figures),
        Section("Where the figures come from", rules, {"Runs": runs}),
    ]  # fmt: skip
    write_page(path, f"{report.config.cohort.name}: {report.config.name}", sections)


def _radiomics(found: Mapping[str, Any], figures: Mapping[str, Path]) -> list["Section"]:
    if not found:
        return []
    text = [
        "Nested AUC: the mean over folds of the training cohort of a signature that was chosen and fitted without the "
        "fold. Chosen in refits: share of the bootstrap refits of the whole chain whose signature has the feature.",
        *radiomic.notes(dict(found)),
    ]
    made = {"Signatures": radiomic.signatures_table(dict(found)), "Features": radiomic.features_table(dict(found))}
    return [Section("Radiomic signatures", text, made, _named(figures, "Correlation"))]


def search_sections(found: Mapping[str, Any], figures: Mapping[str, Path]) -> list["Section"]:
    """Choice among settings and what it costs; nothing where there was no choice."""
    if not found:
        return []
    made = {"Choice and its price": search.table(found)}
    return [Section("Search", search.text(found), made, _named(figures, "Validation AUC"))]


def _named(figures: Mapping[str, Path], start: str) -> dict[str, Path]:
    return {caption: path for caption, path in figures.items() if caption.startswith(start)}


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: its heading.
        text: paragraphs of plain text; whatever stands in them is escaped.
        tables: by caption.
        figures: paths of PNG files, by caption.
    """

    title: str
    text: Sequence[str] = ()
    tables: Mapping[str, pd.DataFrame] | None = None
    figures: Mapping[str, Path] | None = None


def write_page(path: Path, title: str, sections: Sequence[Section]) -> None:
    """Writes the page; pictures are put into it."""
    pages = Environment(
        loader=PackageLoader("npc.report.kit"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["picture"] = lambda file: base64.b64encode(file.read_bytes()).decode()
    write_text(path, pages.get_template("report.html.jinja").render(title=title, sections=sections))
