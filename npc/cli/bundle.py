"""`npc bundle` and `npc predict`: a model handed over, and the predictions of another hospital."""

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from npc.errors import InputError, grouped
from npc.terminal import say


def bundle(
    runs: Annotated[list[Path], typer.Argument(help="folders of finished runs", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="the file to write")] = Path("model.npc.zip"),
    report: Annotated[Path | None, typer.Option(help="folder of the report whose model it is")] = None,
    model: Annotated[str | None, typer.Option(help="of the report: combined, clinical, ...  [default: first]")] = None,
    use: Annotated[str, typer.Option(help="what the model is meant for")] = "",
    licence: Annotated[str, typer.Option(help="under which it is handed over")] = "",
    monai: Annotated[Path | None, typer.Option(help="also write a folder in MONAI's form")] = None,
    onnx: Annotated[bool, typer.Option("--onnx", help="also write the networks as ONNX, beside the file")] = False,
) -> None:
    """Write a model with all that a prediction needs, and nothing of a patient, to one file.

    Example: npc bundle runs/ours/cet1-max/0123456789ab --report reports/ours -o model.npc.zip
    """
    from npc.bundle.manifest import pack
    from npc.bundle.write import members
    from npc.files import write_bytes

    content, notes = members(runs, report, model, use=use, licence=licence)
    if monai or onnx:  # first: what has no such form leaves no file behind
        from npc.bundle.monai import write_monai
        from npc.bundle.read import of_members
        from npc.bundle.risk_network import of_bundle
        from npc.bundle.risk_network import onnx as as_onnx

        bundle = of_members(content, output)
        if monai:
            write_monai(monai, content, bundle, with_onnx=onnx)
        else:
            write_bytes(output.with_name(f"{output.name}.onnx"), as_onnx(of_bundle(bundle)))
    write_bytes(output, pack(content))
    for note in notes:
        say(f"npc: note: {note}", error=True)
    about = json.loads(content["model.json"])
    say(f"written to {output}: {about['title'].lower()}, {output.stat().st_size / 1e6:.1f} MB")


def predict(
    model: Annotated[Path, typer.Argument(help="bundle, or folder of a finished run", show_default=False)],
    choices: Annotated[
        list[str] | None, typer.Argument(help="the cohort: cohort=table cohort.root=DIR", show_default=False)
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="folder to write  [default: print]")] = None,
    image: Annotated[
        list[str] | None, typer.Option(help="of one patient: a file or DICOM folder; cet1=FILE of two sequences")
    ] = None,
    mask: Annotated[list[str] | None, typer.Option(help="the outline on it, in the same form")] = None,
    clinical: Annotated[list[str] | None, typer.Option(help="of one patient: age=54")] = None,
    same_unit: Annotated[
        list[str] | None, typer.Option(help="a clinical variable whose unit is right, though its values are far away")
    ] = None,
    pages: Annotated[bool, typer.Option("--pages", help="also write a page for each patient")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print machine-readable predictions")] = False,
) -> None:
    """Predict patients, who need no outcome: risk, risk group, absolute risks, and warnings on who is unlike training.

    Example: npc predict model.npc.zip cohort=table cohort.root=DIR -o predictions
    """
    from tempfile import TemporaryDirectory

    from npc.bundle import predict as work
    from npc.bundle.cohorts import of_one, of_words
    from npc.bundle.read import open_bundle

    one_patient = bool(image or mask or clinical)
    if one_patient == bool(choices):
        raise InputError("give a cohort (cohort=table cohort.root=DIR), or --image and --mask of one patient")
    if pages and not output:
        raise InputError("--pages: no folder to write them to; name one with -o DIR")
    found_in = open_bundle(model)
    with TemporaryDirectory() as place, redirect_stdout(sys.stderr):  # progress bars; the output may be a table
        if one_patient:
            files, outlines = (_by_sequence(of or [], found_in.sequences) for of in (image, mask))
            if unclear := [word for word in clinical or [] if "=" not in word]:
                raise InputError(f"--clinical {unclear[0]}: has no value; write it as in --clinical age=54")
            values = {name: value for name, _, value in (word.partition("=") for word in clinical or [])}
            cohort, store = of_one(found_in, files, outlines, values), place
        else:
            cohort, store = of_words(found_in, choices or [], outcomes=False)
        for warning in grouped(cohort.warnings):
            say(f"npc: note: {warning}", error=True)
        found = work.predict(found_in, cohort, store, same_unit or ())
        for old in list(output.glob("pages/*.html")) if output else ():
            old.unlink()  # of other patients
        if pages and output:
            from npc.report.patient import write_pages

            write_pages(output, found_in, cohort, found)
    if len(found.warnings):
        say(f"npc: {len(found.warnings)} warnings on values unlike the training population", error=True)
    if output:
        work.write(output, found_in, cohort, found)
    if as_json:
        told = found.warnings.to_dict("records")
        rows = found.table.reset_index().astype(object)  # floats of Python: all their digits are written
        rows = rows.where(rows.notna(), None)
        points = {"points": found.points.to_dict("index")} if len(found.points.columns) else {}
        print(json.dumps({"predictions": rows.to_dict("records"), "warnings": told, **points}, ensure_ascii=False))
    elif output:
        say(f"{len(found.table)} patients: written to {output}")
    else:
        print(found.table.to_csv(), end="")
        print(found.warnings.to_csv(index=False), end="", file=sys.stderr)


def _by_sequence(words: list[str], sequences: tuple[str, ...]) -> dict[str, Path]:
    """Files by sequence: `cet1=FILE`, or one file where the model reads one sequence."""
    named: dict[str, Path] = {}
    for word in words:
        name, equals, file = word.partition("=")
        if equals and name in sequences:
            named[name] = Path(file)
        elif len(sequences) < 2:
            named[(*sequences, "image")[0]] = Path(word)
        else:
            raise InputError(
                f"{word}: the model reads {', '.join(sequences)}; say which one it is, as in {sequences[0]}=FILE"
            )
    return named
