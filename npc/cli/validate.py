"""`npc validate`: a model measured at a hospital that had no part in it, and several hospitals pooled."""

import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from npc.errors import InputError, grouped
from npc.terminal import say


def validate(
    words: Annotated[
        list[str],
        typer.Argument(
            help="a bundle and the cohort (cohort=table cohort.root=DIR), or: pool A.json B.json ...",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="folder to write")] = Path("validation"),
    horizon: Annotated[float, typer.Option(help="months, of calibration and decision curve")] = 36,
    smallest: Annotated[int, typer.Option(help="patients of the smallest cell of aggregate.json", min=5)] = 5,
    same_unit: Annotated[
        list[str] | None, typer.Option(help="a clinical variable whose unit is right, though its values are far away")
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="an earlier aggregate.json of these patients was deleted wherever it was sent"),
    ] = False,
    draws: Annotated[int, typer.Option(help="of the bootstrap", min=100)] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="print machine-readable figures")] = False,
) -> None:
    """Measure a model in patients with outcomes: a report that stays, and aggregate.json that may leave the hospital.

    Example: npc validate model.npc.zip cohort=table cohort.root=DIR -o validation

    Example: npc validate pool a/aggregate.json b/aggregate.json -o pooled
    """
    with redirect_stdout(sys.stderr):  # progress bars; the output may be JSON
        first, *others = words
        results = (
            _pool([Path(word) for word in others], output)
            if first == "pool"
            else _one(Path(first), others, output, horizon, smallest, replace, draws, same_unit or ())
        )
    written = f"written to {output} (open {output / 'report.html'})"
    if as_json:
        print(json.dumps(results, ensure_ascii=False))
    else:
        say(written)


def _one(
    model: Path,
    words: list[str],
    output: Path,
    horizon: float,
    smallest: int,
    replace: bool,
    draws: int,
    same_unit: Sequence[str],
) -> dict[str, object]:
    from npc.bundle.cohorts import of_words
    from npc.bundle.predict import predict, write
    from npc.bundle.read import open_bundle
    from npc.report.validation.hospital import as_json, write_report
    from npc.run.folder import write_json
    from npc.statistics import NotEstimable
    from npc.validation.aggregate import aggregate
    from npc.validation.ledger import enter
    from npc.validation.measure import measure

    if not horizon > 0:
        raise InputError(f"--horizon {horizon:g}: must be more than 0 months")
    (output / "aggregate.json").unlink(missing_ok=True)  # of another cohort: it must not be sent for this one
    bundle = open_bundle(model)
    cohort, store = of_words(bundle, words, outcomes=True)
    for warning in grouped(cohort.warnings):
        say(f"npc: note: {warning}", error=True)
    predicted = predict(bundle, cohort, store, same_unit)
    found = measure(bundle, cohort, predicted, horizon=horizon, draws=draws)
    write(output, bundle, cohort, predicted)
    write_report(output, bundle, found)
    try:
        told = aggregate(bundle, found, smallest)
    except NotEstimable as reason:
        say(f"npc: note: no aggregate.json is written: {reason}", error=True)
    else:
        enter(model, found.patients, smallest, horizon, replace=replace)
        write_json(output / "aggregate.json", told)
    return as_json(found)


def _pool(paths: list[Path], output: Path) -> dict[str, object]:
    from npc.report.validation.pooled import write_report
    from npc.validation.pool import exact, pooled, read

    hospitals = read(paths)
    sums = exact(list(hospitals.values()))
    write_report(output, hospitals, sums, pooled(hospitals))
    return json.loads((output / "results.json").read_text(encoding="utf-8"))
