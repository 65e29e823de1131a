"""State of each run of a plan, read from its files: the same on every machine that sees the folder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from npc.run.folder import RunFolder
from npc.sweep.plan import Planned
from npc.sweep.work import Failure, failure, stopped

STATES = ("done", "stopped", "running", "failed", "missing")


@dataclass(frozen=True)
class State:
    """State of one run.

    Attributes:
        name: `done`, `stopped` (early, by the search), `running` (a living process holds its lock), `failed`
            or `missing`.
        auc: AUC in the internal validation cohort of a run that is done; None where that cohort has one class only.
        failure: why the last attempt failed; None where it did not.
    """

    name: str
    auc: float | None = None
    failure: Failure | None = None


def state(run: Planned) -> State:
    """The present state of one run."""
    folder = RunFolder(run.folder)
    if folder.done:
        return State("done", folder.metrics["auc"].get("validation"))
    if folder.is_locked():
        return State("running")
    if run.halving and stopped(run.folder):
        return State("stopped")
    recorded = failure(run.folder)
    return State("failed", failure=recorded) if recorded else State("missing")


def is_settled(state: State) -> bool:
    """Whether nothing is left to be done for a run."""
    return state.name in ("done", "stopped")


def counts(states: Iterable[State]) -> Mapping[str, int]:
    """Runs by state."""
    names = [one.name for one in states]
    return {name: names.count(name) for name in STATES}
