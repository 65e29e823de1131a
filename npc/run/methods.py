"""Which code makes a run of each method."""

from collections.abc import Callable

from omegaconf import DictConfig

from npc import config


def train(choices: DictConfig, is_poor: Callable[[int, float], bool] | None = None) -> None:
    """Makes the run that the choices ask for; they are checked before anything heavy is imported.

    Args:
        choices: of `train.py`.
        is_poor: of a search that stops runs early, where the method has epochs.

    Raises:
        InputError: the choices, the cohort or its images can't be used.
        StoppedError: the run was poor.
    """
    choices = config.of_run(choices)
    config.check(choices)
    if choices.method == "radiomic":
        from npc.radiomics.train import train as radiomic

        radiomic(choices)
    else:
        from npc.signature.train import train as deep_learning

        deep_learning(choices, is_poor)
