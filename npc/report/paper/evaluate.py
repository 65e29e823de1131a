"""`evaluate.py`: from finished runs to every table and curve of the paper."""

from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from npc.cohort.load import load
from npc.config.values import plain
from npc.prognosis.analysis import analyse
from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs, flat
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
    choice = choose(runs, choices.variants, _given(choices))
    analysis = analyse(cohort, choice, unfinished, choices)
    folder = Path(choices.reports) / choices.name
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
