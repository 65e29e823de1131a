"""The `npc` command: one Typer app; each group of commands has its own file."""

import typer

from npc.cli.audit import audit
from npc.cli.bundle import bundle, predict
from npc.cli.challenge import challenge
from npc.cli.cohort import app as cohort_app
from npc.cli.doctor import doctor
from npc.cli.explain import explain
from npc.cli.plan import app as plan_app
from npc.cli.prove import prove
from npc.cli.reproduce import reproduce
from npc.cli.scripts import HYDRA, evaluate, train
from npc.cli.sweep import app as sweep_app
from npc.cli.validate import validate
from npc.command import one_message

app = typer.Typer(
    help="Train signatures, evaluate them, and look at cohorts, sweeps and this machine.",
    epilog="Example: npc train sequence=cet1 slices=max",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(cohort_app, name="cohort")
app.add_typer(plan_app, name="plan")
app.add_typer(sweep_app, name="sweep")
app.command("train", context_settings=HYDRA)(train)
app.command("evaluate", context_settings=HYDRA)(evaluate)
app.command("audit")(audit)
app.command("prove")(prove)
app.command("bundle")(bundle)
app.command("predict")(predict)
app.command("challenge")(challenge)
app.command("validate")(validate)
app.command("explain")(explain)
app.command("reproduce")(reproduce)
app.command("doctor")(doctor)


def main() -> None:
    """Entry point of `npc`."""
    with one_message():
        try:
            app()
        except SystemExit as end:
            if end.code == 130:  # Typer's exit code after Ctrl-C, without a message
                raise KeyboardInterrupt from None
            raise
