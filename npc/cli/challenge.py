"""`npc challenge`: the entry point of a container: a folder of images in, JSON out."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer


def challenge(
    model: Annotated[Path, typer.Argument(help="bundle, or folder of a finished run", show_default=False)],
    source: Annotated[Path, typer.Option("--input", help="folder of images")] = Path("/input"),
    output: Annotated[Path, typer.Option("-o", "--output", help="folder to write")] = Path("/output"),
    same_unit: Annotated[
        list[str] | None,
        typer.Option(help="a clinical variable whose unit is right, though its values are far away"),
    ] = None,
) -> None:
    """Predict a folder of images (images/SEQUENCE, images/SEQUENCE-outline) and write predictions.json.

    Example: npc challenge model.npc.zip --input /input -o /output
    """
    from npc.bundle.folders import predict_folders

    with redirect_stdout(sys.stderr):  # progress bars
        found = predict_folders(model, source, output, same_unit or ())
    print(f"{len(found)} patients: written to {output / 'predictions.json'}")
