"""`npc cohort look`: every patient of a cohort on one page, to be looked at."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from npc.errors import InputError
from npc.terminal import say

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from npc.cohort.cohort import Cohort


def look(
    choices: Annotated[
        list[str] | None,
        typer.Argument(help="as for train.py: cohort=table cohort.root=DIR slices=three", show_default=False),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="the page")] = Path("look.html"),
    size: Annotated[int, typer.Option(min=32, max=1024, help="pixels along a side of an image on the page")] = 256,
) -> None:
    """Draw each patient's slices with their outlines beside the network's input, on one page that needs no network.

    Patients with faults come first, with their message, then those with something unusual.

    Example: npc cohort look cohort=table cohort.root=DIR -o look.html
    """
    from npc.config.checks import check_values
    from npc.config.loading import compose

    config = compose(choices or [])  # before anything heavy is imported
    check_values(config)
    from npc.imaging.input_settings import preprocess_settings
    from npc.report.cohort.look import write_look

    cohort, faults = _cohort(config)
    settings = preprocess_settings(config)
    told = write_look(output, cohort, settings, slices=config.slices, size=size, faults=faults)
    say(f"written to {output}: {told}")


def _cohort(config: "DictConfig") -> tuple["Cohort", list[str]]:
    """The cohort with the rules of a run, or what of it can be read, and the faults of its table."""
    from npc.cohort.load import load, readable
    from npc.config.values import run_sequences

    offered = list(config.cohort.sequences)
    needed = [sequence for sequence in run_sequences(config) if sequence in offered]
    try:
        found, faults = load(config.cohort, config.endpoint, needed, also=offered), list[str]()
    except InputError as error:
        found, faults = _by_patient(readable(config.cohort)), list(error.faults)
        if found.patients.empty:
            raise
    return found.of_region(config.region), faults


def _by_patient(cohort: "Cohort") -> "Cohort":
    """The cohort of a raw table, indexed by patient; a row without an id of its own is named by its place."""
    from npc.cohort.cell import text

    table, name = cohort.patients, cohort.patients.index.name or "row"
    ids = table.get("patient_id", table.index.to_series()).map(text)
    own = ids.notna() & ~ids.duplicated()
    places = [f"{name} {place}" for place in table.index]
    return replace(cohort, patients=table.set_axis(ids.where(own, places), axis=0))
