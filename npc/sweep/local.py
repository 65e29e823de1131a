"""A sweep on this machine: each run in a fresh process, as many at once as there are slots.

The processes are forked from a server that has already imported torch, so that none has to import it again and none
sees the state of another. A process takes a run by its lock: several of these sweeps, also on several machines with one
file system, share the work.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess

from joblib.externals.loky import get_reusable_executor
from omegaconf import OmegaConf

from npc.errors import InputError
from npc.files import make_folder
from npc.run.folder import RunFolder
from npc.sweep import work
from npc.sweep.halving import Judge
from npc.sweep.plan import Plan, Planned
from npc.sweep.state import is_settled, state

FLAPPING = 10  # failures in a row after which the worker, not the run, is assumed to be the cause
_AGAIN = 2.0  # seconds until a run that another process holds is checked again
_GRACE = 30.0  # seconds in which a run has to end


@dataclass
class Slot:
    """A share of the machine that works on one run at a time.

    Attributes:
        name: for the table.
        cores: the CPU cores that its processes may use.
        device: the GPU's number; None for the device that the config chooses.
    """

    name: str
    cores: frozenset[int]
    device: str | None = None
    failures: int = field(default=0, init=False)


@dataclass
class Task:
    """A run that is queued or running."""

    run: Planned
    left: int  # attempts left
    started: float = 0.0


def slots(count: int | None, devices: Sequence[str], per_device: int) -> list[Slot]:
    """The machine's shares: `per_device` for each device, or `count`; its cores are divided among them."""
    cores = sorted(os.sched_getaffinity(0))
    of: list[str | None] = [device for _ in range(per_device) for device in devices]
    of = of or [None] * (count or max(1, len(cores) // 2))
    share = [frozenset(cores[at :: len(of)]) or frozenset({cores[at % len(cores)]}) for at in range(len(of))]
    return [
        Slot(f"{at + 1}" if device is None else f"{at + 1} (GPU {device})", share[at], device)
        for at, device in enumerate(of)
    ]


@dataclass
class Progress:
    """What the table shows.

    Attributes:
        running: tasks by slot.
        done: runs that this sweep has finished.
        seconds: duration of each of them.
        failed: runs that are not tried again, with the reason.
        stopped: runs that the search stopped early.
        elsewhere: number of runs that another process is making.
    """

    running: dict[str, Task] = field(default_factory=dict)
    done: list[Planned] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    failed: dict[Planned, str] = field(default_factory=dict)
    stopped: list[Planned] = field(default_factory=list)
    elsewhere: int = 0


def run(plan: Plan, shares: Sequence[Slot], retries: int, show: Callable[[Progress], None]) -> Progress:
    """Makes the runs of a plan that are not done.

    Args:
        plan: of runs.
        shares: of the machine.
        retries: how often a run is tried again whose failure is not due to its own choices.
        show: is called at every change, and every second.

    Raises:
        InputError: every worker was stopped after failures in a row.
        KeyboardInterrupt: Ctrl-C or SIGTERM; the active runs have ended and can be resumed.
    """
    queue = deque(Task(one, retries + 1) for one in plan.runs if not is_settled(state(one)))
    progress, free = Progress(), deque(shares)
    active: dict[object, tuple[Slot, Task, ForkServerProcess]] = {}
    _start_server()
    with _interruptible():
        try:
            while queue or active:
                held = 0  # by other processes, of those checked in this turn
                while free and held < len(queue):
                    task = queue.popleft()
                    folder = RunFolder(task.run.folder)
                    if is_settled(state(task.run)):
                        continue
                    if folder.is_locked():
                        queue.append(task)
                        held += 1
                        continue
                    slot = free.popleft()
                    process = _start(slot, task)
                    active[process.sentinel] = slot, task, process
                    progress.running[slot.name] = task
                progress.elsewhere = held
                show(progress)
                if not active and not free:
                    raise InputError(_stopped(shares, progress))
                for sentinel in wait(
                    [process.sentinel for *_, process in active.values()], timeout=1 if active else _AGAIN
                ):
                    slot, task, process = active.pop(sentinel)
                    process.join()
                    del progress.running[slot.name]
                    _judge(slot, task, process.exitcode, queue, progress)
                    if slot.failures < FLAPPING:
                        free.append(slot)
                if not active:
                    time.sleep(_AGAIN if held else 0)
            show(progress)
        except BaseException:
            _end([process for _, _, process in active.values()])
            raise
    return progress


def _judge(slot: Slot, task: Task, code: int | None, queue: deque[Task], progress: Progress) -> None:
    """What an ended process means for its run and its slot."""
    run = task.run
    if code == work.DONE:
        slot.failures = 0
        progress.done.append(run)
        progress.seconds.append(time.monotonic() - task.started)
        return
    if code == work.STOPPED:
        slot.failures = 0
        progress.stopped.append(run)
        return
    if code == work.BUSY:
        queue.append(task)
        return
    if code not in (work.FAILED, work.REFUSED, work.DIVERGED):  # the process could not record the reason itself
        name = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
        guess = "; SIGKILL is also how Linux ends a process when memory is full" if code == -signal.SIGKILL else ""
        work.record(run.folder, f"the process was ended by {name}{guess}")
    slot.failures = 0 if code == work.DIVERGED else slot.failures + 1
    task.left -= 1
    if task.left and code not in (work.REFUSED, work.DIVERGED):
        queue.append(task)
        return
    failure = work.failure(run.folder)
    progress.failed[run] = failure.reason if failure else "unknown"


def _stopped(shares: Sequence[Slot], progress: Progress) -> str:
    last = list(progress.failed.values())[-1] if progress.failed else "see npc sweep status"
    return (
        f"every worker ({len(shares)}) was stopped after {FLAPPING} failures in a row; the last: {last}\n"
        "correct this and give the same command again: it resumes where it stopped"
    )


def _start_server() -> None:
    """Starts the fork server, which ends with this process."""
    # OpenMP's threads would otherwise wait by spinning, on cores that other slots use
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    forkserver.set_forkserver_preload(["__main__", "npc.sweep.preload"])
    forkserver.ensure_running()


def _start(slot: Slot, task: Task) -> ForkServerProcess:
    task.started = time.monotonic()
    process = multiprocessing.get_context("forkserver").Process(target=_child, args=(slot, task.run), name=task.run.key)
    process.start()
    return process


def _child(slot: Slot, run: Planned) -> None:
    """In the new process: sets its cores, device and output file, then makes the run."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.sched_setaffinity(0, slot.cores)
    if slot.device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = slot.device
    output = run.folder.with_name(f".{run.key}.output")
    make_folder(output.parent)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    code = work.work(OmegaConf.create(dict(run.composed)), Judge(run) if run.halving else None)
    get_reusable_executor(reuse=True).shutdown()  # joblib's workers would wait five minutes for more work
    if code == work.DONE:
        output.unlink(missing_ok=True)
    os._exit(code)


def _end_with_parent() -> None:
    """Ends this run when the sweep is killed: no run may continue unnoticed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os.kill(os.getpid(), signal.SIGKILL)


def _end(processes: Sequence[ForkServerProcess]) -> None:
    """Lets the active runs end after their checkpoint; kills those that do not end in time."""
    with contextlib.suppress(KeyboardInterrupt):  # after a second Ctrl-C there is no more waiting
        for process in processes:
            process.terminate()
        until = time.monotonic() + _GRACE
        for process in processes:
            process.join(max(0.0, until - time.monotonic()))
    for process in processes:
        process.kill()
        process.join()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the sweep as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
