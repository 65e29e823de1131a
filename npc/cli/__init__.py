"""The `npc` command: one Typer app; each group of commands has its own file."""

import typer

from npc.cli.audit import audit
from npc.cli.bundle import bundle, predict
from npc.cli.cohort import app as cohort_app
from npc.cli.plan import app as plan_app
from npc.cli.sweep import app as sweep_app
from npc.cli.validate import validate
from npc.command import one_message

app = typer.Typer(
    help="Tools that complement train.py and evaluate.py.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(cohort_app, name="cohort")
app.add_typer(plan_app, name="plan")
app.add_typer(sweep_app, name="sweep")
app.command("audit")(audit)
app.command("bundle")(bundle)
app.command("predict")(predict)
app.command("validate")(validate)


def main() -> None:
    """Entry point of `npc`."""
    with one_message():
        try:
            app()
        except SystemExit as end:
            if end.code == 130:  # Typer's exit code after Ctrl-C, without a message
                raise KeyboardInterrupt from None
            raise
