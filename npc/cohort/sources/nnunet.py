"""A data set in the layout of nnU-Net, with a table of outcomes.

`imagesTr/CASE_0000.nii.gz` is the first channel of a case, `labelsTr/CASE.nii.gz` its outline on the grid of all
channels, and `dataset.json` names the channels (nnU-Net, documentation/dataset_format.md; `modality` in version 1,
`channel_names` and `file_ending` in version 2). npc adds `patients.csv` or `patients.xlsx`, whose `patient_id` is
the case.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from npc.cohort.sources.table import read_table
from npc.errors import InputError

DESCRIPTION = "dataset.json"
SHOWN = 3  # cases without a patient that a message names


def read(root: Path, sequences: Sequence[str], sheet: str | None = None) -> tuple[pd.DataFrame, Path]:
    """The table of outcomes with the paths of the cases' files, unchecked.

    Args:
        root: the folder with `dataset.json`, `imagesTr` and `labelsTr`.
        sequences: names of channels; capitals, blanks and other marks do not count.
        sheet: of `patients.xlsx`; None: its first one.

    Returns:
        The table and `root`, which its paths are relative to. A file that is not there is an empty cell.
        `attrs["read"]` tells the cases that are not in the table.

    Raises:
        InputError: the folder, `dataset.json` or the table cannot be read, or there is no such channel.
    """
    described = _described(root)
    channels: dict[str, str] = described.get("channel_names") or described.get("modality") or {}
    try:
        numbers = {_key(name): int(number) for number, name in channels.items()}
    except (AttributeError, TypeError, ValueError):
        raise InputError(
            f'{root / DESCRIPTION}: channel_names must give each number its name, as in {{"0": "T1"}}; correct it'
        ) from None
    if unknown := [sequence for sequence in sequences if _key(sequence) not in numbers]:
        raise InputError(
            f"cohort.sequences: {root / DESCRIPTION} has no channel {', '.join(unknown)}; "
            f"its channels are {', '.join(map(str, channels.values()))}"
        )
    table, ending = read_table(root, sheet), described.get("file_ending", ".nii.gz")
    if "patient_id" not in table:
        raise InputError(f"{table.attrs['file']}: there is no column patient_id; add it, with the names of the cases")
    cases = table["patient_id"].str.strip()
    for sequence in sequences:
        images = [f"imagesTr/{case}_{numbers[_key(sequence)]:04d}{ending}" for case in cases]
        masks = [f"labelsTr/{case}{ending}" for case in cases]
        table[f"{sequence}_image"] = [path if (root / path).exists() else None for path in images]
        # without its image, the outline is that of other channels alone
        both = zip(images, masks, strict=True)
        table[f"{sequence}_mask"] = [
            mask if (root / image).exists() and (root / mask).exists() else None for image, mask in both
        ]
    outlined = {path.name.removesuffix(ending) for path in (root / "labelsTr").glob(f"*{ending}")}
    if others := sorted(outlined - set(cases)):
        named = ", ".join([*others[:SHOWN], *(["..."] if len(others) > SHOWN else [])])
        table.attrs["read"] += f"; not in it are {len(others)} cases of labelsTr: {named}"
    return table, root


def _described(root: Path) -> dict[str, Any]:
    file = root / DESCRIPTION
    try:
        described = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{file} is missing; set cohort.root to a folder in the layout of nnU-Net") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{file} can't be read ({error}); copy it again") from error
    if not isinstance(described, dict):
        raise InputError(f"{file} is no description of a data set; write it as nnU-Net's documentation shows")
    return described


def _key(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).casefold())
