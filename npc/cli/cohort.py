"""`npc cohort`: what a cohort holds, and whether it can be trusted."""

import inspect
import json
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from npc.cli.look import look
from npc.errors import InputError
from npc.phantom.options import Options
from npc.terminal import console, say

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from npc.cohort.cohort import Cohort

app = typer.Typer(
    help="Check a cohort, look at it, count its patients, compare outlines, or make a synthetic one.",
    epilog="Example: npc cohort check cohort=table cohort.root=DIR",
    no_args_is_help=True,
    rich_markup_mode=None,
)


app.command("look")(look)


@app.command("check")
def check(
    choices: Annotated[
        list[str] | None, typer.Argument(help="as for train.py: cohort=table cohort.root=DIR", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print machine-readable figures")] = False,
) -> None:
    """Tell what a cohort holds: patients, events, follow-up, images; and every fault found.

    Example: npc cohort check cohort=table cohort.root=DIR
    """
    from npc.config.checks import check_values
    from npc.config.loading import compose

    config = compose(choices or [])  # before anything heavy is imported
    check_values(config)
    from npc.cohort.describe import tables
    from npc.config.sources import source
    from npc.imaging.acquisition_table import shown

    source(config.cohort["_target_"])  # a wrong one is no fault of the table

    described = findings(config)
    if as_json:
        print(json.dumps(described))
    else:
        console().print(*tables(described, shown(described.get("acquisition", []))), sep="\n")
    raise typer.Exit(2 if described["faults"] else 0)


def findings(config: "DictConfig") -> dict[str, Any]:
    """What `npc cohort check` tells of a cohort: its figures, warnings and every fault; of a table at fault, faults."""
    from npc.cohort import clinical
    from npc.cohort.describe import describe
    from npc.cohort.load import load, readable
    from npc.config.values import plain, run_sequences
    from npc.imaging.acquisition_table import by_scanner
    from npc.imaging.survey import survey
    from npc.imaging.views import seen

    cohort, endpoint, sequences = config.cohort, config.endpoint, list(config.cohort.sequences)
    try:
        # with the rules of a run, where the cohort has its sequences
        needed = [sequence for sequence in run_sequences(config) if sequence in sequences]
        found, lost = seen(load(cohort, endpoint, needed, also=sequences), config.region, needed, config.store)
        images = survey(found, sequences)
        variables = clinical.parse(plain(cohort)["clinical"])
        described = describe(
            found, variables, time=endpoint.time, event=endpoint.event, grids=images.grids, faults=images.faults
        )
        described["acquisition"] = by_scanner(images.acquisitions)
        described["warnings"] = [*_refusals(config, found), *found.warnings, *lost, *images.notes]
    except InputError as error:
        # the images of the rows that can be read are checked nevertheless: all errors are reported at once
        legible = readable(cohort).of_region(config.region)
        faults = [*error.faults, *survey(legible, sequences).faults]  # outlines of named regions were read before
        described = {"table": legible.read, "faults": list(dict.fromkeys(faults))}
    return described


def _refusals(config: "DictConfig", cohort: "Cohort") -> list[str]:
    """Why a run with these choices would end at once, though the cohort is sound."""
    from npc.cohort.analysed import analysed
    from npc.config.regions import joined_region_faults
    from npc.config.sequences import mask_faults, sequence_faults
    from npc.run.centres import runs_of

    reasons = [*sequence_faults(config), *mask_faults(config), *joined_region_faults(config)]
    if config.cohort.get("labelled", True):
        try:
            for run in runs_of(config, cohort.patients):
                analysed(cohort, config.endpoint, run.split)
        except InputError as error:
            reasons += error.faults
    return [f"train.py would refuse these choices: {reason}" for reason in reasons]


@app.command("agreement")
def agreement(
    choices: Annotated[
        list[str] | None,
        typer.Argument(help="as for train.py: cohort=table cohort.root=DIR slices=max", show_default=False),
    ] = None,
    reports: Annotated[Path, typer.Option(help="where the report folder goes")] = Path("reports"),
    as_json: Annotated[bool, typer.Option("--json", help="print machine-readable figures")] = False,
) -> None:
    """Compare the outlines of several readers: overlap, distance, area, and which features agree.

    Example: npc cohort agreement cohort=table cohort.root=DIR
    """
    from npc.config.checks import feature_faults, value_faults
    from npc.config.loading import compose
    from npc.config.values import feature_settings

    config = compose(choices or [])  # before anything heavy is imported
    if faults := value_faults(config) + feature_faults(config):
        raise InputError(faults)
    from npc.cohort.load import load
    from npc.report.cohort.agreement import report
    from npc.report.cohort.agreement_results import as_json as results_as_json
    from npc.report.cohort.agreement_tables import tables

    cohort, sequences = config.cohort, list(config.cohort.sequences)
    folder = reports / f"{cohort.name}-agreement"
    found = _of_one_region(load(cohort, config.endpoint, sequences=[], also=sequences), config)
    agreed = report(found, folder, slices=config.slices, threshold=cohort.icc, features=feature_settings(config))
    if as_json:
        print(json.dumps(results_as_json(agreed)))
    else:
        console().print(*tables(agreed), sep="\n")
        say(f"written to {folder}")


@app.command("flow")
def flow(
    choices: Annotated[
        list[str] | None,
        typer.Argument(help="as for train.py: cohort=table cohort.root=DIR criteria=paper", show_default=False),
    ] = None,
    reports: Annotated[Path, typer.Option(help="where the report folder goes")] = Path("reports"),
    as_json: Annotated[bool, typer.Option("--json", help="print machine-readable figures")] = False,
) -> None:
    """Count who is left out and why, from all patients to training, validation and test; draw the flow diagram.

    Example: npc cohort flow cohort=table cohort.root=DIR criteria=paper sequence=both
    """
    from npc.config.checks import check_values
    from npc.config.loading import compose
    from npc.config.values import run_sequences

    config = compose(choices or [])  # before anything heavy is imported
    check_values(config)
    from npc.cohort.analysed import analysed
    from npc.cohort.load import load
    from npc.report.cohort.flow import write_flow

    found, folder = load(config.cohort, config.endpoint, run_sequences(config)), reports / f"{config.cohort.name}-flow"
    try:
        patients, exclusions = analysed(found, config.endpoint, config.split)
    except InputError as error:  # of an unlabelled cohort, or of one centre: the diagram ends before the split
        say(f"npc: not split: {error}", error=True)
        patients, exclusions = found.patients, found.exclusions
    counts = write_flow(folder, exclusions, patients)
    if as_json:
        print(json.dumps(asdict(counts)))
    else:
        say(*counts.lines(), f"written to {folder}")


@app.command("quality")
def quality(
    choices: Annotated[
        list[str] | None, typer.Argument(help="as for train.py: cohort=table cohort.root=DIR", show_default=False)
    ] = None,
    reports: Annotated[Path, typer.Option(help="where the report folder goes")] = Path("reports"),
    as_json: Annotated[bool, typer.Option("--json", help="print machine-readable figures")] = False,
) -> None:
    """Tell how alike the hospitals' images are: MSSIM of each development patient, before and after masking.

    Example: npc cohort quality cohort=table cohort.root=DIR
    """
    from npc.config.checks import check_values
    from npc.config.loading import compose

    config = compose(choices or [])  # before anything heavy is imported
    check_values(config)
    from npc.cohort.load import load
    from npc.report.cohort.quality import quality_tables, report_quality

    cohort = load(config.cohort, config.endpoint, sequences=[], also=list(config.cohort.sequences))
    cohort = _of_one_region(cohort, config)
    folder = reports / f"{cohort.name}-quality"
    results = report_quality(cohort, config, folder)
    if as_json:
        print(json.dumps(results))
    else:
        console().print(*quality_tables(results), sep="\n")
        say(f"written to {folder}")


def _of_one_region(cohort: "Cohort", config: "DictConfig") -> "Cohort":
    """The cohort whose outlines are those of the region, where it declares regions; who lacks it is left out."""
    from npc.config.regions import named_regions
    from npc.imaging.views import seen

    if not cohort.rois:
        return cohort
    if len(named_regions(config.region)) > 1:
        raise InputError(f"region={config.region}: this command compares one region; choose one of its names")
    found, lost = seen(cohort, config.region, cohort.sequences, config.store)
    for note in lost:
        say(f"npc: note: {note}", error=True)
    return found


def _with_phantom_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option of the command line for each of the phantom's, in place of its `**choices`."""
    signature = inspect.signature(command)
    folder, as_json, _ = signature.parameters.values()
    options = [
        inspect.Parameter(
            item.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=item.default,
            annotation=Annotated[item.type, typer.Option(_flag(item.name), help=item.metadata["help"])],
        )
        for item in fields(Options)
    ]
    command.__signature__ = signature.replace(parameters=[folder, *options, as_json])  # type: ignore[attr-defined]
    return command


def _flag(option: str) -> str:
    return f"--{option.replace('_', '-')}"


@app.command("phantom")
@_with_phantom_options
def phantom(
    folder: Annotated[Path, typer.Argument(help="a new folder", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="print machine-readable figures")] = False,
    **choices: Any,
) -> None:
    """Write synthetic patients whose truth is known (truth.csv) as a cohort folder.

    Example: npc cohort phantom ../phantom --n 588 --external 400 --seed 7
    """
    options = Options.of(choices, named=lambda key, value: f"{_flag(key)} {value}")  # before anything heavy is imported
    from npc.phantom import source

    source.write(folder, **choices)
    summary = source.summary(folder)
    if as_json:
        print(json.dumps(summary))
        return
    for centre, figures in summary.items():
        say(f"{centre}: " + ", ".join(f"{name} {value:.4g}" for name, value in figures.items() if value is not None))
    say(f"written to {folder}; train on it with:")
    size = f"preprocess.size={options.matrix}"
    say(f"python train.py cohort=table cohort.root={folder} cohort.development=hospital_1 {size}")
