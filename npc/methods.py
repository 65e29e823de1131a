"""Which code makes a run of each method."""

from omegaconf import DictConfig

from npc import config


def train(choices: DictConfig) -> None:
    """Makes the run that the choices ask for; they are checked before anything heavy is imported.

    Raises:
        InputError: the choices, the cohort or its images can't be used.
    """
    choices = config.of_run(choices)
    config.check(choices)
    if choices.method == "radiomic":
        from npc.radiomics.train import train as method
    else:
        from npc.signature.train import train as method
    method(choices)
