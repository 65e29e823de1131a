"""`npc plan`: how many patients a prediction model needs, to be developed and to be validated elsewhere."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

app = typer.Typer(
    help="Sample size: patients to develop a prediction model with, and to validate it on.",
    epilog="Example: npc plan validation --events 0.29 --auc 0.75",
    no_args_is_help=True,
    rich_markup_mode=None,
)
AsJson = Annotated[bool, typer.Option("--json", help="print machine-readable figures")]
Share = Annotated[float | None, typer.Option(help="share of patients with the event, 0 to 1")]
Auc = Annotated[float | None, typer.Option(help="expected AUC or concordance in new patients, 0.5 to 1")]


@app.command()
def development(
    parameters: Annotated[int, typer.Option(help="candidate parameters, those that a choice drops included")],
    events: Share = None,
    auc: Auc = None,
    r2: Annotated[float | None, typer.Option(help="expected R2 by Cox and Snell, instead of --auc")] = None,
    rate: Annotated[float | None, typer.Option(help="survival: events per unit of time, instead of --events")] = None,
    follow_up: Annotated[float | None, typer.Option(help="survival: mean follow-up")] = None,
    horizon: Annotated[float | None, typer.Option(help="survival: time of the prediction")] = None,
    shrinkage: Annotated[float, typer.Option(help="accepted shrinkage of the predictors' effects")] = 0.9,
    as_json: AsJson = False,
) -> None:
    """Patients and events for a regression, by the criteria of Riley et al. (BMJ 2020).

    A binary outcome is described by --events, a survival one by --rate, --follow-up and --horizon, in one unit of time.
    docs/sample_size.md explains the criteria.

    Example: npc plan development --parameters 9 --events 0.39 --auc 0.75
    """
    from npc.statistics import NotEstimable
    from npc.statistics.sample_size import (
        binary_development,
        r2_of_auc,
        r2_of_concordance,
        survival_development,
    )

    survival = [rate, follow_up, horizon]
    _check({
        "--parameters must be 1 or more": parameters < 1,
        "--events must be between 0 and 1": _outside(events, 0, 1),
        "--auc must be between 0.5 and 1": _outside(auc, 0.5, 1),
        "--r2 must be between 0 and 1": _outside(r2, 0, 1),
        "--shrinkage must be between 0 and 1": _outside(shrinkage, 0, 1),
        "--rate, --follow-up and --horizon must be above 0": any(of is not None and of <= 0 for of in survival),
        "give either --auc or --r2": (auc is None) == (r2 is None),
        "give either --events, or --rate, --follow-up and --horizon":
            (events is None) == (rate is None) or (rate is not None and None in survival),
        "--follow-up and --horizon need --rate": rate is None and survival != [None] * 3,
    })  # fmt: skip
    try:
        if events is not None:
            expected = r2 if r2 is not None else r2_of_auc(_known(auc), events)
            found = binary_development(parameters, events, expected, shrinkage)
        else:
            per_time, mean, at = (_known(of) for of in survival)
            expected = r2 if r2 is not None else r2_of_concordance(_known(auc), per_time * mean)
            found = survival_development(parameters, per_time, mean, at, expected, shrinkage)
    except NotEstimable as reason:
        _check({str(reason): True})
        return
    if as_json:
        figures = {
            "patients": found.patients,
            "events": found.events,
            "events_per_parameter": found.events_per_parameter,
        }
        print(json.dumps(figures | {"criteria": asdict(found)}, indent=2))
        return
    print(f"{found.patients} patients with {found.events} events ({found.events_per_parameter:.1f} per parameter)")
    print(f"  shrinkage of {shrinkage:g} or more: {found.shrinkage}")
    print(f"  apparent and adjusted R2 (Nagelkerke) within 0.05: {found.optimism}")
    print(f"  overall risk within 0.05: {found.overall_risk}")
    print(f"  expected R2 (Cox-Snell) {found.r2:.3f} of at most {found.largest_r2:.3f}")


@app.command()
def validation(
    events: Annotated[float, typer.Option(help="share of patients with the event, 0 to 1")],
    auc: Annotated[float, typer.Option(help="expected AUC, 0.5 to 1")],
    patients: Annotated[int | None, typer.Option(help="give the precision of this number instead")] = None,
    auc_width: Annotated[float, typer.Option(help="wanted width of the AUC's 95% interval")] = 0.1,
    slope_width: Annotated[float, typer.Option(help="of the calibration slope's")] = 0.2,
    oe_width: Annotated[float, typer.Option(help="of the ratio's of observed to expected events")] = 0.2,
    as_json: AsJson = False,
) -> None:
    """Patients with whom an external validation is precise, or how precise it is with a number (Riley et al., 2021).

    Example: npc plan validation --events 0.29 --auc 0.75 --patients 45
    """
    from npc.statistics.validation_size import Expected, Precision, precision
    from npc.statistics.validation_size import validation as needed

    _check({
        "--events must be between 0 and 1": _outside(events, 0, 1),
        "--auc must be between 0.5 and 1": _outside(auc, 0.5, 1),
        "--patients must be 2 or more": patients is not None and patients < 2,
        "--auc-width must be between 0 and 1": _outside(auc_width, 0, 1),
        "--slope-width and --oe-width must be above 0": min(slope_width, oe_width) <= 0,
    })  # fmt: skip
    expected = Expected(events, auc)
    if patients is not None:
        widths = precision(patients, expected)
        if as_json:
            print(json.dumps({"patients": patients, "widths": asdict(widths)}, indent=2))
            return
        print(f"{patients} patients with {round(patients * events)} events; widths of 95% intervals:")
        print(f"  AUC: {widths.auc:.3f}\n  calibration slope: {widths.slope:.2f}")
        print(f"  observed / expected events: {widths.observed_expected:.2f}")
        return
    found = needed(Precision(auc_width, slope_width, oe_width), expected)
    if as_json:
        print(json.dumps({"patients": found.patients, "criteria": asdict(found)}, indent=2))
        return
    print(f"{found.patients} patients with {round(found.patients * events)} events")
    print(f"  AUC's 95% interval {auc_width:g} wide: {found.auc}\n  calibration slope's {slope_width:g}: {found.slope}")
    print(f"  observed / expected events' {oe_width:g}: {found.observed_expected}")


def _outside(value: float | None, low: float, high: float) -> bool:
    return value is not None and not low < value < high


def _known(value: float | None) -> float:
    assert value is not None  # by the checks
    return value


def _check(faults: dict[str, bool]) -> None:
    """Ends the command with all faults at once."""
    from npc.errors import InputError

    if found := [fault for fault, wrong in faults.items() if wrong]:
        raise InputError(found)
