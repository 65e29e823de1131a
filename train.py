"""Train one signature and log its predictions: `python train.py --help`."""

import hydra
from omegaconf import DictConfig

import npc.config.schema  # noqa: F401 - registers the types of the choices for Hydra
from npc.command import hydra_words, one_message
from npc.config.loading import checked


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(choices: DictConfig) -> None:
    """Checks the choices before anything heavy is imported, then trains."""
    with one_message():
        choices = checked(choices)
        from npc.run.centres import train_each

        train_each(choices)


if __name__ == "__main__":
    with one_message(), hydra_words():
        main()
