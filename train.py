"""Train one signature and log its predictions: `python train.py --help`."""

import hydra
from omegaconf import DictConfig

from npc import config
from npc.command import one_message


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(choices: DictConfig) -> None:
    """Checks the choices before anything heavy is imported, then trains."""
    with one_message():
        choices = config.checked(choices)
        from npc.run.train import train

        train(choices)


if __name__ == "__main__":
    with one_message():
        main()
