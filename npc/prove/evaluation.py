"""The analysis of `evaluate.py` on tiny runs, without a report."""

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from npc.cohort.load import load
from npc.config.checks import check_evaluate
from npc.config.loading import CONFIGS
from npc.prognosis.analysis import Analysis, analyse
from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs
from npc.prove.runs import COHORT, TinyRuns

SIGNIFICANCE = 0.5  # of the univariate tests: few patients have few significant variables, and a model needs some


def evaluate_choices(tiny: TinyRuns, cohort: str) -> DictConfig:
    """The choices of `evaluate.py` for a cohort, with few bootstrap samples."""
    words = [
        "cohort=table", f"cohort.name={COHORT}", f"cohort.root={tiny.cohort(cohort)}", f"runs={tiny.runs(cohort)}",
        "report.bootstrap=100", "report.permutations=100", "prognosis.repeats=0", "prognosis.optimism=0",
        f"prognosis.significance={SIGNIFICANCE}", "prognosis.treatment=null",
    ]  # fmt: skip
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        choices = compose("evaluate", words)
    check_evaluate(choices)
    return choices


def analysed(tiny: TinyRuns, cohort: str) -> Analysis:
    """All runs of three epochs and of the other methods; those of one epoch are of another proof."""
    choices = evaluate_choices(tiny, cohort)
    runs, unfinished = finished_runs(tiny.runs(cohort), COHORT)
    runs = [run for run in runs if run.choices().get("trainer.max_epochs") != 1 or run.method != "deep_learning"]
    patients = load(choices.cohort, choices.endpoint, sequences=[])
    return analyse(patients, choose(runs), unfinished, choices)
