"""`npc explain`: where the networks of a model look."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from npc.errors import InputError, grouped
from npc.names import NETWORKS
from npc.terminal import say


def explain(
    model: Annotated[Path, typer.Argument(help="bundle, or folder of a finished run", show_default=False)],
    choices: Annotated[list[str], typer.Argument(help="the cohort: cohort=table cohort.root=DIR", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="folder to write")] = Path("explained"),
    patients: Annotated[
        str | None, typer.Option(help="ids, separated by commas  [default: highest and lowest risks]")
    ] = None,
    shown: Annotated[int, typer.Option(help="patients with the highest, and with the lowest risk", min=1)] = 2,
    wrong: Annotated[int, typer.Option(help="also the most wrongly predicted patients; reads outcomes", min=0)] = 0,
    method: Annotated[str, typer.Option(help="occlusion or grad_cam")] = "occlusion",
    permuted: Annotated[
        bool, typer.Option("--permuted", help="also the maps of a network that is trained on permuted outcomes")
    ] = False,
) -> None:
    """Draw maps of a network on the anatomy, beside those of networks that know nothing. A map is no proof.

    Example: npc explain model.npc.zip cohort=table cohort.root=DIR -o explained
    """
    from npc.bundle.cohorts import of_words
    from npc.bundle.read import open_bundle

    if permuted and not model.is_dir():
        raise InputError(
            f"{model}: --permuted trains a network, and a bundle holds no training patient; give the folder of the "
            "run, or leave --permuted out"
        )
    bundle = open_bundle(model)
    parts = [of for of in bundle.parts.values() if of.settings["method"] in NETWORKS]
    if not parts:
        raise InputError(
            f"{model}: the model has no network, so there is no map; npc predict writes what each part of a combined "
            "model adds (contributions.csv)"
        )
    with redirect_stdout(sys.stderr):  # progress bars
        cohort, store = of_words(bundle, choices, outcomes=wrong > 0)
        for warning in grouped(cohort.warnings):
            say(f"npc: note: {warning}", error=True)
        from npc.bundle.cohorts import outcome
        from npc.bundle.networks import risks
        from npc.explain.occlusion import METHODS, maps
        from npc.explain.permuted import with_permuted_outcomes
        from npc.explain.wrong import most_wrong
        from npc.report.explain import write_report

        if method not in METHODS:
            raise InputError(f"--method {method}: must be one of {', '.join(METHODS)}")
        risk = risks(parts[0], cohort, store)
        ranked = risk.sort_values(ascending=False, kind="stable").index.tolist()
        worst = most_wrong(risk, outcome(cohort.patients, bundle.about["endpoint"]), wrong) if wrong else []
        extremes = _chosen(patients, ranked) if patients else [*ranked[:shown], *ranked[-shown:]]
        chosen = list(dict.fromkeys([*extremes, *worst]))
        unknowing = with_permuted_outcomes(model, parts[0]) if permuted else None
        found = maps(parts[0], cohort, store, chosen, method=method, permuted=unknowing)
        write_report(output, bundle.about["title"], parts[0].settings["run_key"], found, method)
    say(f"{len(chosen)} patients: written to {output} (open {output / 'report.html'})")


def _chosen(words: str, known: list[str]) -> list[str]:
    asked = [word.strip() for word in words.split(",")]
    if unknown := [patient for patient in asked if patient not in known]:
        raise InputError(f"--patients: the cohort has no {', '.join(unknown)}; give ids of its patients.csv")
    return asked
