"""`npc audit`: are the figures that a study prints consistent with each other?"""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from npc.terminal import console, say

if TYPE_CHECKING:
    from rich.table import Table

    from npc.audit import Finding
    from npc.audit.p_values import Recomputed

_HEADINGS = {"does not fit": "Does not fit", "implied": "Implied, though not printed", "note": "Notes"}


def audit(
    file: Annotated[
        Path | None, typer.Argument(help="a study's figures as YAML  [default: the paper's]", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print machine-readable findings")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="end with 1 where a figure does not fit")] = False,
) -> None:
    """List the figures of a published study that are not consistent with each other, and what follows from them.

    Findings are results, not errors: the exit code is 0 when the audit ran, 2 when the file is wrong. docs/audit.md
    describes the file. That a figure does not fit does not show why: it may be a typing error.

    Example: npc audit ours.yaml
    """
    from npc.audit import audit as findings_of
    from npc.audit.p_values import recompute
    from npc.published import PAPER, load

    study = load(file)
    findings, recomputed = findings_of(study), recompute(study)
    counts = Counter(finding.kind for finding in findings)
    if as_json:
        print(json.dumps(_plain(study.study, file or PAPER, findings, recomputed), ensure_ascii=False))
    else:
        _print_findings(study.study, findings, recomputed)
    raise typer.Exit(1 if strict and counts["does not fit"] else 0)


def _plain(study: str, file: Path, findings: "list[Finding]", recomputed: "list[Recomputed]") -> dict[str, object]:
    return {
        "study": study,
        "file": str(file),
        "findings": [asdict(finding) for finding in findings if finding.kind != "note"],
        "notes": [asdict(finding) for finding in findings if finding.kind == "note"],
        "p_values": [
            {"place": row.place, "variable": row.variable, "printed": row.printed.text, "p": row.p, "fits": row.fits}
            for row in recomputed
        ],
    }


def _print_findings(study: str, findings: "list[Finding]", recomputed: "list[Recomputed]") -> None:
    say(study)
    for place in dict.fromkeys(row.place for row in recomputed if row.p):
        print()
        console().print(_table(place, [row for row in recomputed if row.place == place and row.p]), markup=False)
    for kind, heading in _HEADINGS.items():
        lines = [str(finding) for finding in findings if finding.kind == kind]
        if lines:
            say(f"\n{heading}", *lines)
    counts = Counter(finding.kind for finding in findings)
    say("\n" + ", ".join(f"{kind}: {counts[kind]}" for kind in ("does not fit", "implied")))


def _table(place: str, rows: "list[Recomputed]") -> "Table":
    from rich.table import Table

    from npc.audit.candidates import TITLES

    tests = [test for test in TITLES if any(test in row.p for row in rows)]
    title = f"{place}, P values recomputed (* fits what is printed)"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    for heading in ("variable", "printed", *tests):
        table.add_column(heading.replace("_", " "))
    for row in rows:
        table.add_row(row.variable, row.printed.text, *(_cell(row, test) for test in tests))
    return table


def _cell(row: "Recomputed", test: str) -> str:
    return "" if test not in row.p else f"{row.printed.like(row.p[test])}{' *' if test in row.fits else ''}"
