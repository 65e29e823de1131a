"""`evaluate.py`: from finished runs to every table and curve of the paper."""

from pathlib import Path

from omegaconf import DictConfig

from npc.cohort.load import load
from npc.prognosis.analysis import analyse
from npc.prognosis.runs import finished_runs
from npc.report.paper.report import print_summary, write_report


def evaluate(choices: DictConfig) -> None:
    """Writes `reports/<name>/`.

    Args:
        choices: checked (`npc.config.checks.check_evaluate`).

    Raises:
        InputError: the cohort, or the runs, can't be used.
    """
    cohort = load(choices.cohort, choices.endpoint, sequences=[])
    runs, unfinished = finished_runs(Path(choices.runs), choices.cohort.name)
    analysis = analyse(cohort, runs, unfinished, choices)
    folder = Path(choices.reports) / choices.name
    write_report(folder, analysis)
    print_summary(analysis, folder)
