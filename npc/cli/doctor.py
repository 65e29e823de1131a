"""`npc doctor`: what this machine lacks for npc, and how to mend it."""

import json
import textwrap
from dataclasses import asdict
from typing import Annotated

import typer

WIDTH, INDENT = 80, 12


def doctor(
    speed: Annotated[bool, typer.Option("--speed", help="also measure how fast ResNet-50 trains here")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print machine-readable results")] = False,
) -> None:
    """Check Python, packages, memory, disk, GPU, W&B, Slurm and data.

    The exit code is 1 if npc cannot work here, else 0: a note is about what only some commands need.

    Example: npc doctor --speed
    """
    from npc.doctor import examine

    checks = examine()
    if speed:
        from npc.doctor.speed import training

        checks.append(training())
    if as_json:
        print(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            text = f"{check.name:{INDENT}}{check.state}: {check.found}"
            print(textwrap.fill(text, WIDTH, subsequent_indent=" " * INDENT, break_on_hyphens=False))
            if check.remedy:
                print(textwrap.indent(textwrap.fill(check.remedy, WIDTH - INDENT - 2), " " * (INDENT + 2)))
        states = [check.state for check in checks]
        print(f"{states.count('fault')} faults, {states.count('note')} notes")
    raise typer.Exit(int(any(check.state == "fault" for check in checks)))
