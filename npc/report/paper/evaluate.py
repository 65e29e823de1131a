"""`evaluate.py`: from finished runs to every table and curve of the paper."""

from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from npc.cohort.load import load
from npc.config.values import plain
from npc.names import LEAVE_ONE_OUT, series_labels
from npc.prognosis.analysis import analyse
from npc.prognosis.centres import left_out_centres
from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs, flat
from npc.report.paper.centres import write_centres
from npc.report.paper.report import print_summary, write_report
from npc.terminal import say


def evaluate(choices: DictConfig) -> None:
    """Writes `reports/<name>/`.

    Args:
        choices: checked (`npc.config.checks.check_evaluate`).

    Raises:
        InputError: the cohort, or the runs, can't be used.
    """
    cohort, folder = load(choices.cohort, choices.endpoint, sequences=[]), Path(choices.reports) / choices.name
    turns = choices.split.by == LEAVE_ONE_OUT
    runs, unfinished = finished_runs(Path(choices.runs), choices.cohort.name, leave_one_out=turns)
    if turns:
        found = left_out_centres(cohort, runs, choices)
        labels = series_labels(cohort.sequences, choices.cohort.labels)
        say(*write_centres(folder, *found, labels, choices.report.ci))
        return
    choice = choose(runs, choices.variants, _given(choices))
    analysis = analyse(cohort, choice, unfinished, choices)
    write_report(folder, analysis)
    print_summary(analysis, folder)


def _given(choices: DictConfig) -> dict[str, Any]:
    """The choices that the command line names: `split.seed`, or all of the split after `split=random`.

    Those that `conf/` alone gives do not select runs: the split of a report's patients is that of its runs.
    """
    if not HydraConfig.initialized():
        return {}
    words = {word.partition("=")[0].lstrip("+") for word in HydraConfig.get().overrides.task}
    groups = words & {"split", "endpoint"}
    return {key: value for key, value in flat(plain(choices)) if key in words or key.partition(".")[0] in groups}
