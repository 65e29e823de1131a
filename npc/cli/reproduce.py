"""`npc reproduce`: the whole study of a cohort by one command, which can be stopped and given again."""

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from npc.cli.sweep import Backend
from npc.errors import InputError
from npc.terminal import say

if TYPE_CHECKING:
    from npc.reproduce.stage import Record, Stage


def reproduce(
    choices: Annotated[
        list[str] | None, typer.Argument(help="as for train.py: cohort=table cohort.root=DIR", show_default=False)
    ] = None,
    grid: Annotated[str, typer.Option(help="paper: 125 settings of each variant; smoke: two, to try it")] = "smoke",
    reports: Annotated[Path, typer.Option(help="where the report folders go")] = Path("reports"),
    backend: Annotated[Backend, typer.Option(help="where the runs of the searches are made")] = Backend.local,
    slots: Annotated[
        int | None, typer.Option(min=1, help="runs at once  [default: one for every two cores]", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print the stages and their state, and end")] = False,
) -> None:
    """Check the cohort, search the variants, train ensemble, controls and radiomic signatures, and write the report.

    A stage that is done is passed over; after any interruption the same command resumes.

    Example: npc reproduce cohort=table cohort.root=DIR --grid paper --backend slurm
    """
    from npc.config.loading import compose
    from npc.reproduce.stage import Record
    from npc.reproduce.study import GRIDS, stages

    if grid not in GRIDS:
        raise InputError(f"--grid {grid}: must be one of {', '.join(GRIDS)}")
    words = list(choices or [])
    sweeping = ["--backend", backend.value, *(["--slots", str(slots)] if slots else [])]
    study = list(stages(words, GRIDS[grid], reports, sweeping))
    record = Record(reports / compose(words).cohort.name / f"reproduce-{grid}.json")
    begun, made, left = time.monotonic(), 0, sum(stage.trainings for stage in study)
    for number, stage in enumerate(study, start=1):
        left -= stage.trainings
        head = f"[{number}/{len(study)}] {stage.title}"
        if _is_done(record, stage):
            say(f"{head}: done")
            continue
        if dry_run:
            say(f"{head}: to be made")
            continue
        estimate = (time.monotonic() - begun) / made * (left + stage.trainings) if made else None
        say(head + (f" (about {estimate / 60:.0f} min left)" if estimate else ""))
        start = "from npc.cli import main; main()"
        ended = subprocess.run([sys.executable, "-c", start, *stage.command(), *stage.machine]).returncode
        if ended:
            say(
                f"npc: stage {number}, {stage.title}, ended with {ended}; correct what its message names, and give "
                "the same command again: it resumes there",
                error=True,
            )
            raise typer.Exit(ended)
        record.add(stage)
        made += stage.trainings
    if not made and not dry_run:
        say("nothing had to be done")


def _is_done(record: "Record", stage: "Stage") -> bool:
    try:
        return record.is_done(stage)
    except InputError:  # it needs the result of an earlier stage
        return False
