"""The paper's analysis from finished runs: `python evaluate.py --help`."""

import hydra
from omegaconf import DictConfig

import npc.config.schema  # noqa: F401 - registers the types of the choices for Hydra
from npc.command import hydra_words, one_message
from npc.config.checks import check_evaluate


@hydra.main(version_base="1.3", config_path="conf", config_name="evaluate")
def main(choices: DictConfig) -> None:
    """Checks the choices before anything heavy is imported, then reports."""
    with one_message():
        check_evaluate(choices)
        from npc.report.paper.evaluate import evaluate

        evaluate(choices)


if __name__ == "__main__":
    with one_message(), hydra_words():
        main()
