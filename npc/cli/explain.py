"""`npc explain`: where the networks of a model look."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from npc.errors import InputError, grouped
from npc.terminal import say


def explain(
    model: Annotated[Path, typer.Argument(help="bundle, or folder of a finished run", show_default=False)],
    choices: Annotated[list[str], typer.Argument(help="the cohort: cohort=table cohort.root=DIR", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="folder to write")] = Path("explained"),
    patients: Annotated[
        str | None, typer.Option(help="ids, separated by commas  [default: highest and lowest risks]")
    ] = None,
    shown: Annotated[int, typer.Option(help="patients with the highest, and with the lowest risk", min=1)] = 2,
) -> None:
    """Draw occlusion maps of a network on the anatomy, beside the maps of random weights. A map is no proof.

    Example: npc explain model.npc.zip cohort=table cohort.root=DIR -o explained
    """
    from npc.bundle.cohorts import of_words
    from npc.bundle.read import open_bundle

    bundle = open_bundle(model)
    parts = [of for of in bundle.parts.values() if of.settings["method"] in ("deep_learning", "ensemble")]
    if not parts:
        raise InputError(
            f"{model}: the model has no network, so there is no map; npc predict writes what each part of a combined "
            "model adds (contributions.csv)"
        )
    with redirect_stdout(sys.stderr):  # progress bars
        cohort, store = of_words(bundle, choices, outcomes=False)
        for warning in grouped(cohort.warnings):
            say(f"npc: note: {warning}", error=True)
        from npc.bundle.networks import risks
        from npc.explain.occlusion import maps
        from npc.report.explain import write_report

        ranked = risks(parts[0], cohort, store).sort_values(ascending=False, kind="stable").index.tolist()
        chosen = _chosen(patients, ranked) if patients else list(dict.fromkeys([*ranked[:shown], *ranked[-shown:]]))
        made = maps(parts[0], cohort, store, chosen)
        write_report(output, bundle.about["title"], parts[0].settings["run_key"], made)
    say(f"{len(chosen)} patients: written to {output} (open {output / 'report.html'})")


def _chosen(words: str, known: list[str]) -> list[str]:
    asked = [word.strip() for word in words.split(",")]
    if unknown := [patient for patient in asked if patient not in known]:
        raise InputError(f"--patients: the cohort has no {', '.join(unknown)}; give ids of its patients.csv")
    return asked
