"""How far each run of a plan is, as the files tell it: the same on every machine that sees the folder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from npc.run.folder import RunFolder
from npc.sweep.plan import Planned
from npc.sweep.work import Failure, failure, stopped

STATES = ("done", "stopped", "running", "failed", "missing")


@dataclass(frozen=True)
class State:
    """Of one run.

    Attributes:
        name: `done`, `stopped` (early, by a search that does so), `running` (a living process holds its lock), `failed`
            or `missing`.
        auc: of the internal validation cohort, once it is done; None where there is one class.
        failure: of the last attempt, where it failed.
    """

    name: str
    auc: float | None = None
    failure: Failure | None = None


def state(run: Planned) -> State:
    """Of one run, now."""
    folder = RunFolder(run.folder)
    if folder.done:
        return State("done", folder.metrics["auc"].get("validation"))
    if folder.is_locked():
        return State("running")
    if run.halving and stopped(run.folder):
        return State("stopped")
    told = failure(run.folder)
    return State("failed", failure=told) if told else State("missing")


def is_settled(state: State) -> bool:
    """Whether nothing is left to be done of a run."""
    return state.name in ("done", "stopped")


def counts(states: Iterable[State]) -> Mapping[str, int]:
    """Runs by state."""
    names = [one.name for one in states]
    return {name: names.count(name) for name in STATES}
