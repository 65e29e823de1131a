"""What a sweep shows while it runs: a live table in a terminal, otherwise a line for each run that ends."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from npc.run.folder import RunFolder
from npc.sweep.local import Progress
from npc.sweep.plan import Plan, Planned
from npc.sweep.state import state


@contextmanager
def table(plan: Plan, slots: int) -> Iterator[Callable[[Progress], None]]:
    """A function that shows the progress.

    Args:
        plan: of all runs.
        slots: how many runs are made at once, to estimate the time left.
    """
    console = Console()
    best = _Best(plan)
    if console.is_terminal:
        with Live(console=console, refresh_per_second=2) as live:
            yield lambda progress: live.update(_drawn(plan, slots, progress, best))
        return
    printed: set[Planned] = set()

    def print_ended(progress: Progress) -> None:
        ended = [
            *((run, "done") for run in progress.done),
            *((run, "stopped early") for run in progress.stopped),
            *((run, f"failed: {why}") for run, why in progress.failed.items()),
        ]
        for run, result in ended:
            if run not in printed:
                printed.add(run)
                console.print(
                    f"{len(best.before) + len(printed)} of {len(plan.runs)}  {_named(run)}  {result}", soft_wrap=True
                )

    yield print_ended


class _Best:
    """Number of complete runs, and the best run of each variant, read from the folders of complete runs."""

    def __init__(self, plan: Plan) -> None:
        self.auc: dict[str, tuple[float, Planned]] = {}
        self.before = [run for run in plan.runs if RunFolder(run.folder).done]
        self.seen: set[Planned] = set()
        self.read(self.before)

    def read(self, done: list[Planned]) -> None:
        for run in done:
            if run not in self.seen:
                self.seen.add(run)
                auc = state(run).auc
                if auc is not None and auc > self.auc.get(run.variant, (-1.0,))[0]:
                    self.auc[run.variant] = auc, run

    def done(self, progress: Progress) -> int:
        self.read(progress.done)
        return len(self.seen)


def _drawn(plan: Plan, slots: int, progress: Progress, best: _Best) -> Group:
    done = best.done(progress)
    left = len(plan.runs) - done - len(progress.failed) - len(progress.stopped)
    drawn = Table(title=f"{done} of {len(plan.runs)} runs done, {len(progress.running)} running, "
                        f"{len(progress.failed)} failed{_stopped(progress)}", title_justify="left")  # fmt: skip
    for column in ("slot", "run", "choices", "for"):
        drawn.add_column(column, no_wrap=column != "choices")
    for slot, task in progress.running.items():
        since = timedelta(seconds=round(time.monotonic() - task.started))
        drawn.add_row(slot, f"{task.run.variant}/{task.run.key}", _choices(task.run), str(since))
    lines = [
        f"best of {variant} so far: AUC {auc:.3f} (internal validation), {_choices(run)}"
        for variant, (auc, run) in sorted(best.auc.items())
    ]
    if progress.seconds and left:
        mean = sum(progress.seconds) / len(progress.seconds)
        lines.append(f"time left: about {timedelta(seconds=round(mean * left / slots))}")
    if progress.elsewhere:
        lines.append(f"{progress.elsewhere} runs are made by another process")
    return Group(drawn, *lines)


def _stopped(progress: Progress) -> str:
    return f", {len(progress.stopped)} stopped early" if progress.stopped else ""


def _named(run: Planned) -> str:
    return f"{run.variant}/{run.key}  {_choices(run)}"


def _choices(run: Planned) -> str:
    return " ".join(f"{key}={value}" for key, value in run.choices.items() if key not in ("sequence", "slices"))
