"""`npc train` and `npc evaluate`: the Hydra scripts of the checkout, wherever npc is installed."""

import runpy
import sys

import typer

# Hydra reads all words itself, `--help` too
HYDRA = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def train(context: typer.Context) -> None:
    """Train one signature and log its predictions, as train.py does.

    Example: npc train sequence=cet1 slices=max
    """
    _run("train.py", context.args)


def evaluate(context: typer.Context) -> None:
    """Analyse finished runs and write the report, as evaluate.py does.

    Example: npc evaluate cohort=table cohort.root=DIR
    """
    _run("evaluate.py", context.args)


def _run(script: str, words: list[str]) -> None:
    from npc.config.loading import HOME

    sys.argv = [script, *words]
    runpy.run_path(str(HOME / script), run_name="__main__")
