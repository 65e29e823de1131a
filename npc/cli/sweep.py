"""`npc sweep`: the runs of sweep files, made, counted and compared."""

import json
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from npc.errors import InputError
from npc.names import series_labels
from npc.terminal import console, say

if TYPE_CHECKING:
    from npc.sweep.plan import Plan

app = typer.Typer(
    help="Make the runs of sweep files on this machine or on Slurm, and show their state.",
    epilog="Example: npc sweep run sweeps/smoke.yaml",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Backend(StrEnum):
    """Where the runs of a sweep are made."""

    local = "local"
    slurm = "slurm"


_ROOM = 2**20  # bytes: checkpoints need more, but how much depends on the size of the network
Given = Annotated[
    list[str],
    typer.Argument(metavar="FILE... [KEY=VALUE...]", help="sweep files; choices for all runs, such as cohort=table"),
]
Json = Annotated[bool, typer.Option("--json", help="print machine-readable figures")]


@app.command("list")
def list_runs(given: Given, as_json: Json = False) -> None:
    """Print the runs of sweep files with their keys; no run is started.

    Example: npc sweep list sweeps/cet1_max.yaml
    """
    planned = _plan(given)
    if as_json:
        print(json.dumps({"runs": [{"run_key": run.key, "overrides": run.overrides} for run in planned.runs]}))
        return
    for run in planned.runs:
        say(" ".join([run.key, *run.overrides]))
    say(_total(planned))


@app.command("run")
def run(
    given: Given,
    slots: Annotated[
        int | None, typer.Option(min=1, help="runs at once  [default: one for every two cores]", show_default=False)
    ] = None,
    devices: Annotated[str, typer.Option(help="GPUs, such as 0,1", show_default=False)] = "",
    per_device: Annotated[int, typer.Option(min=1, help="runs at once on each GPU")] = 1,
    retries: Annotated[int, typer.Option(min=0, help="how often a run that crashed is tried again")] = 1,
    backend: Annotated[Backend, typer.Option(help="where the runs are made")] = Backend.local,
    partition: Annotated[
        str | None, typer.Option(help="of Slurm  [default: the cluster's]", show_default=False)
    ] = None,
    minutes: Annotated[int, typer.Option(min=1, help="Slurm's limit; a run that reaches it resumes")] = 60,
    cpus: Annotated[int, typer.Option(min=1, help="of a run, for Slurm")] = 2,
    gpus: Annotated[int, typer.Option(min=0, help="of a run, for Slurm")] = 0,
) -> None:
    """Make the runs that are not done yet; after any interruption the same command resumes.

    Ends with 0 when all runs are done, with 1 when some failed.

    Example: npc sweep run sweeps/smoke.yaml --slots 2
    """
    from npc.sweep import local
    from npc.sweep.table import table

    if slots and devices:
        raise InputError("--slots, --devices: give one of them; GPUs have --per-device slots each")
    if backend is Backend.slurm and devices:
        raise InputError("--devices: Slurm assigns the GPUs; use --gpus, or --backend local")
    planned = _plan(given)
    if backend is Backend.slurm and any(one.halving for one in planned.runs):
        raise InputError("early_terminate: runs are stopped early on one machine only; leave --backend slurm out")
    _check_cohorts(planned)
    _check_room(planned)
    say(_total(planned))
    if backend is Backend.local:
        shares = local.slots(slots, [device for device in devices.split(",") if device], per_device)
        with table(planned, len(shares)) as show:
            progress = local.run(planned, shares, retries, show)
    else:
        from npc.sweep import slurm

        at_once = slots or len(planned.runs)
        with table(planned, at_once) as show:
            progress = slurm.run(planned, slots=at_once, partition=partition, minutes=minutes, cpus=cpus, gpus=gpus,
                                 retries=retries, show=show)  # fmt: skip
    for made, reason in progress.failed.items():
        say(f"failed: {made.folder}: {reason}")
    raise typer.Exit(_print_status(planned))


@app.command("status")
def status(given: Given, as_json: Json = False) -> None:
    """Show which runs of sweep files are done, stopped, running, failed and missing.

    Ends with 0 only when all are done, or stopped early where the file asks for it (early_terminate).

    Example: npc sweep status sweeps/smoke.yaml
    """
    from npc.sweep.state import counts, is_settled, state

    planned = _plan(given)
    states = {one: state(one) for one in planned.runs}
    if as_json:
        print(json.dumps({
            "expected": len(states), **counts(states.values()),
            "runs": [{"run_key": one.key, "folder": str(one.folder), "state": of.name,
                      **({"reason": of.failure.reason, "attempts": of.failure.attempts} if of.failure else {})}
                     for one, of in states.items()],
        }))  # fmt: skip
        raise typer.Exit(0 if all(is_settled(of) for of in states.values()) else 1)
    raise typer.Exit(_print_status(planned))


@app.command("report")
def report(
    given: Given,
    reports: Annotated[Path, typer.Option(help="folder in which the report's folder is made")] = Path("reports"),
    name: Annotated[
        str | None, typer.Option(help="of the report  [default: <cohort>-search]", show_default=False)
    ] = None,
    draws: Annotated[int, typer.Option(min=100, help="of the bootstrap, and permutations")] = 2000,
    seed: Annotated[int, typer.Option(help="of the draws")] = 0,
    as_json: Json = False,
) -> None:
    """Compare the runs that are done: the best of each variant, heat maps, and the optimism of choosing it.

    Example: npc sweep report sweeps/smoke.yaml
    """
    planned = _plan(given)
    cohorts = {one.folder.parents[1].name for one in planned.runs}
    if len(cohorts) > 1:
        raise InputError(f"npc sweep report: runs of {', '.join(sorted(cohorts))}; report each cohort separately")
    from npc.report.paper import search, sweep
    from npc.sweep import work

    runs = sweep.finished([one.folder for one in planned.runs])
    folder = reports / (name or f"{cohorts.pop()}-search")
    stopped = sum(one.halving is not None and work.stopped(one.folder) for one in planned.runs)
    cohort = planned.runs[0].composed["cohort"]
    labels = series_labels(cohort["sequences"], cohort["labels"])
    found = sweep.report_sweep(runs, len(planned.runs), stopped, folder, labels=labels, draws=draws, seed=seed)
    if as_json:
        print(json.dumps(found.as_json()))
        return
    say(*search.lines(found.searches, labels))
    say(*found.completeness())
    say(f"written to {folder} (open {folder / 'report.html'})")


def _plan(given: Sequence[str]) -> "Plan":
    from npc.sweep.plan import plan

    files = [Path(word) for word in given if "=" not in word or os.path.isfile(word)]
    if not files:
        raise InputError("npc sweep: no sweep file is named; give one, such as sweeps/smoke.yaml (see `ls sweeps`)")
    return plan(files, [word for word in given if Path(word) not in files])


def _total(planned: "Plan") -> str:
    same = planned.cells - len(planned.runs)
    return f"{len(planned.runs)} runs" + (f"; {same} of {planned.cells} settings repeat a run" if same else "")


def _check_cohorts(planned: "Plan") -> None:
    """Reports a cohort that can't be read before any run starts."""
    from npc.cohort.analysed import analysed
    from npc.cohort.load import load
    from npc.config.loading import compose
    from npc.config.values import run_sequences
    from npc.imaging.views import seen

    for overrides in {(one.folder.parent): one.overrides for one in planned.runs}.values():
        config = compose(overrides)
        sequences = run_sequences(config)
        cohort, _ = seen(load(config.cohort, config.endpoint, sequences), config.region, sequences, config.store)
        analysed(cohort, config.endpoint, config.split)


def _check_room(planned: "Plan") -> None:
    """Reports a full disk, or a folder that can't be written to, before any run starts."""
    from npc.files import write_text

    for folder in {one.folder.parents[2] for one in planned.runs}:
        probe = folder / ".room"
        write_text(probe, "0" * _ROOM)
        probe.unlink()


def _print_status(planned: "Plan") -> int:
    """Prints the state of the runs; returns the exit code."""
    from rich.table import Table

    from npc.sweep.state import STATES, counts, state

    states = {one: state(one) for one in planned.runs}
    table = Table("variant", "runs", *STATES)
    for variant in sorted({one.variant for one in states}):
        of_variant = [of for one, of in states.items() if one.variant == variant]
        table.add_row(variant, str(len(of_variant)), *(str(count) for count in counts(of_variant).values()))
    console().print(table)
    for one, of in states.items():
        if of.failure:
            say(f"{one.folder}: tried {of.failure.attempts} times, {of.failure.where}: {of.failure.reason}")
    done = sum(of.name == "done" for of in states.values())
    stopped = sum(of.name == "stopped" for of in states.values())
    if done + stopped == len(states):
        say(f"complete: {done} runs are done" + (f", {stopped} were stopped early" if stopped else ""))
        return 0
    left = len(states) - done - stopped
    say(f"not complete: {left} of {len(states)} runs are not done; npc sweep run resumes them")
    return 1
