"""A sweep on a Slurm cluster: a submitit array, one task for each run.

The result of a run is read from its folder and from the task's own exit code. Slurm's states come from `squeue` alone,
since not every cluster has accounting (`sacct`).
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from submitit import Job, SlurmExecutor
from submitit.core.utils import FailedJobError, UncompletedJobError
from submitit.helpers import Checkpointable

from npc.errors import InputError
from npc.run.folder import RunFolder
from npc.sweep import work
from npc.sweep.local import FLAPPING, Progress, Task
from npc.sweep.plan import Plan, Planned
from npc.terminal import say

_ASK = 5.0  # seconds between two queries to Slurm, which other users share
_GRACE = 60.0  # seconds after SIGTERM in which Slurm kills a task, or queues it again
_LAST = 30  # seconds before its limit at which a task queues itself again; Slurm's signal comes up to a minute earlier
_TIMEOUTS = 20  # times that a run may reach its limit and resume: one that never completes an epoch must stop
_UNKNOWN = "no longer known"
_ENDED = {
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED",
    "TIMEOUT", _UNKNOWN,
}  # fmt: skip
_RUN = (
    "import sys; from npc.config.loading import compose; from npc.sweep.work import work; "
    "sys.exit(work(compose(sys.argv[1:])))"
)


def run(
    plan: Plan,
    *,
    slots: int,
    partition: str | None,
    minutes: int,
    cpus: int,
    gpus: int,
    retries: int,
    show: Callable[[Progress], None],
) -> Progress:
    """Makes the runs of a plan that are not done, as an array; the runs to be tried again make the next array.

    A task that is preempted or reaches its limit is queued again, and its run resumes from its newest checkpoint.

    Args:
        plan: of runs.
        slots: how many tasks run at once.
        partition: None for the cluster's default.
        minutes: time limit of a task; it must be long enough to start and to train one epoch.
        cpus: CPUs of a task.
        gpus: GPUs of a task.
        retries: how often a run is tried again whose failure is not due to its own choices.
        show: is called at every change, and every second.

    Raises:
        InputError: Slurm does not answer or does not accept the tasks, or too many runs failed in a row.
        KeyboardInterrupt: Ctrl-C; the tasks continue in Slurm.
    """
    progress = Progress()
    queue = [Task(one, retries + 1) for one in plan.runs if not RunFolder(one.folder).done]
    if not queue:
        return progress
    options = {"partition": partition, "time": minutes, "cpus_per_task": cpus, "gpus_per_node": gpus}
    options = {name: value for name, value in options.items() if value}
    _check(options)
    executor = SlurmExecutor(queue[0].run.folder.parents[2] / ".slurm", _TIMEOUTS)
    executor.update_parameters(
        **options,
        job_name="npc",
        array_parallelism=slots,
        signal_delay_s=_LAST,
        srun_args=[f"--cpus-per-task={cpus}"],  # srun does not inherit it from sbatch
        stderr_to_stdout=True,
    )
    while queue:
        array = _Array(_submit(executor, queue), progress)
        try:
            queue = array.follow(show)
        except KeyboardInterrupt:
            say(f"npc: the runs continue in Slurm; `scancel {array.id}` ends them", error=True)
            raise
    return progress


class _Array:
    """Tasks that Slurm has accepted.

    Args:
        tasks: by submitit's jobs.
        progress: is kept up to date.
    """

    def __init__(self, tasks: Mapping[Job[int], Task], progress: Progress) -> None:
        self.tasks = dict(tasks)
        self.progress = progress
        self.id = next(iter(tasks)).job_id.split("_")[0]
        self.before = {task.run: work.failure(task.run.folder) for task in tasks.values()}
        self.failures = 0  # in a row

    def follow(self, show: Callable[[Progress], None]) -> list[Task]:
        """Waits until all have ended; returns those to be tried again."""
        again, asked = [], -_ASK
        while self.tasks:
            if time.monotonic() - asked >= _ASK:
                again += self._look()
                asked = time.monotonic()
            show(self.progress)
            time.sleep(1 if self.tasks else 0)
        return again

    def _look(self) -> list[Task]:
        """Asks Slurm once; returns the tasks that have ended since and are to be tried again."""
        again = []
        for job, (state, reason) in self._states().items():
            task = self.tasks[job]
            if state in _ENDED:
                del self.tasks[job]
                if self._is_to_be_tried_again(job, task, state):
                    again.append(task)
            if state != "RUNNING":
                self.progress.running.pop(job.job_id, None)
            elif job.job_id not in self.progress.running:
                self.progress.running[job.job_id] = task
                task.started = time.monotonic()
            if reason == "PartitionTimeLimit":
                self._stop("the partition's limit is lower than these minutes for a task")
            if self.failures >= FLAPPING:
                self._stop(f"{FLAPPING} runs in a row failed; the last: {_reason(task.run)}")
        return again

    def _states(self) -> Mapping[Job[int], tuple[str, str]]:
        """State and reason of each task; none where Slurm does not answer, as it may answer the next time."""
        asked = _slurm("squeue", "--array", "--states=all", "--noheader", f"--jobs={self.id}", "--format=%i|%T|%r")
        if asked.returncode and "Invalid job id" not in asked.stderr:
            return {}
        lines = (line.split("|", 2) for line in asked.stdout.splitlines())
        known = {name: (state, reason) for name, state, reason in lines}
        # Slurm no longer lists a task some minutes after its end
        return {job: known.get(job.job_id, (_UNKNOWN, "")) for job in self.tasks}

    def _is_to_be_tried_again(self, job: Job[int], task: Task, state: str) -> bool:
        """Judges a task that has ended."""
        run, code = task.run, _code(job)
        if code == work.DONE or RunFolder(run.folder).done:
            self.failures = 0
            self.progress.done.append(run)
            if task.started:
                self.progress.seconds.append(time.monotonic() - task.started)
            return False
        if code == work.BUSY:
            self.progress.elsewhere += 1
            return False
        if work.failure(run.folder) == self.before[run]:  # the process could not record the failure itself
            work.record(run.folder, f"Slurm ended it: {state}; its output: {job.paths.stdout}")
        self.failures = 0 if code == work.DIVERGED else self.failures + 1
        task.left -= 1
        if task.left and code not in (work.REFUSED, work.DIVERGED):
            return True
        self.progress.failed[run] = _reason(run)
        return False

    def _stop(self, why: str) -> NoReturn:
        """Removes the waiting tasks from Slurm's queue; the running ones continue."""
        _slurm("scancel", "--state=PENDING", self.id)
        raise InputError(f"{why}\nthe waiting runs were removed from Slurm's queue; correct this and give the same "
                         "command again: it resumes where it stopped")  # fmt: skip


class _Work(Checkpointable):
    """A task: submitit queues it again, unchanged, when Slurm signals that its time is over."""

    def __call__(self, run: Planned) -> int:
        """Makes the run in a process of its own; returns an exit code of `npc.sweep.work`."""
        before = work.failure(run.folder)
        # Lightning must not treat this as a cluster of its own: one task is the whole run.
        variables = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
        code = subprocess.run([sys.executable, "-c", _RUN, *run.overrides], env=variables).returncode
        if code in (work.INTERRUPTED, -signal.SIGTERM, -signal.SIGUSR2):
            time.sleep(_GRACE)  # submitit's handler, or Slurm, ends this process
            return work.INTERRUPTED
        if code not in (work.DONE, work.BUSY) and work.failure(run.folder) == before:
            cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            work.record(run.folder, f"the process was ended by {cause}")
        return code


def _check(options: Mapping[str, Any]) -> None:
    """Asks Slurm whether it would accept such a task."""
    if shutil.which("sbatch") is None:
        raise InputError("Slurm: this machine has no sbatch command; give the command on a login node of the "
                         "cluster, or run on this machine alone, without --backend slurm")  # fmt: skip
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    asked = _slurm("sbatch", "--test-only", *arguments, "--wrap=true")
    if asked.returncode:
        raise InputError(f"Slurm would not accept the runs: {_one_line(asked.stderr)} (`sinfo` shows the cluster's "
                         "state and its partitions)")  # fmt: skip


def _submit(executor: SlurmExecutor, queue: Sequence[Task]) -> Mapping[Job[int], Task]:
    try:
        jobs = executor.map_array(_Work(), [task.run for task in queue])
    except FailedJobError as error:
        raise InputError(f"Slurm did not accept the runs: {_one_line(str(error))}") from None
    return dict(zip(jobs, queue, strict=True))


def _code(job: Job[int]) -> int | None:
    """Exit code of a task that has ended; None where it returned none."""
    try:
        return job.result() if job.paths.result_pickle.exists() else None
    except UncompletedJobError:  # it raised
        return None


def _reason(run: Planned) -> str:
    failure = work.failure(run.folder)
    return failure.reason if failure else "unknown"


def _one_line(text: str) -> str:
    """Slurm's message in one line."""
    return " ".join(text.split())


def _slurm(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True)
