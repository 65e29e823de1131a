"""A data set in the layout of the Brain Imaging Data Structure (BIDS), of any organ.

`participants.tsv` has a row for each participant, `sub-ID[/ses-ID]/anat/` the images, and `derivatives/NAME/sub-ID/`
the outlines, which end in `_mask` or `_dseg` (bids-specification.readthedocs.io, "Magnetic Resonance Imaging" and
"Imaging data types" of derivatives). npc adds the columns of the outcomes to `participants.tsv`.
"""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from npc.cohort.delimited import read_csv
from npc.errors import Fault, InputError

TABLE = "participants.tsv"
CENTRES = ("site", "center", "institution")  # in place of a column `centre`
OUTLINES = ("_mask", "_dseg")
ENDINGS = (".nii.gz", ".nii")


def read(
    root: Path,
    sequences: Sequence[str],
    files: Mapping[str, str] | None = None,
    masks: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, Path]:
    """The participants with the paths of their files, unchecked.

    Args:
        root: the folder with `participants.tsv`.
        sequences: names of the images.
        files: for each sequence a pattern of the file's name without its ending, such as `*_ce-*_T1w`. Without one it
            is `*_` and the name of the sequence, and images with contrast agent (`ce-`) are not meant. Capitals do not
            count.
        masks: for each sequence a pattern of its outline's name. Without one, the participant has one outline for all.

    Returns:
        The table and `root`, which its paths are relative to. A file that is not there is an empty cell.

    Raises:
        InputError: there is no table, or a participant has several files for one sequence; all of them at once.
    """
    table = read_csv(root / TABLE)
    if "participant_id" not in table:
        raise InputError(f"{root / TABLE}: there is no column participant_id; add it, as BIDS demands")
    if "patient_id" in table:
        raise InputError(f"{root / TABLE}: has participant_id and patient_id; remove or rename the second")
    table = table.rename(columns={"participant_id": "patient_id"}).replace("n/a", "")
    for name in CENTRES if "centre" not in table else ():
        table = table.rename(columns={name: "centre"}) if "centre" not in table else table
    patients = table["patient_id"].str.strip()
    faults = [
        f"{root / TABLE}, line {line}: participant_id is '{patient}'; BIDS writes sub- and then letters or digits"
        for line, patient in patients.items()
        if not re.fullmatch("sub-[a-zA-Z0-9]+", patient)
    ]
    if faults:
        raise InputError(faults)
    for sequence in sequences:
        named, outlined = (files or {}).get(sequence), (masks or {}).get(sequence, "*")
        chosen: dict[str, list[str | None]] = {"image": [], "mask": []}
        for patient in patients:
            images = [name for name in _names(root, f"{patient}/**/*") if _is_image(name, sequence, named)]
            drawn = [
                name
                for name in _names(root, f"derivatives/*/{patient}/**/*")
                if _stem(name).endswith(OUTLINES) and _matches(name, outlined)
            ]
            if not images:  # the outlines are those of other images
                drawn = []
            for kind, found in (("image", images), ("mask", drawn)):
                chosen[kind].append(found[0] if found else None)
                if len(found) > 1:
                    faults.append(_several(str(patient), sequence, kind, found))
        for kind, paths in chosen.items():
            table[f"{sequence}_{kind}"] = pd.Series(paths, table.index, dtype=object)
    if faults:
        raise InputError(faults)
    return table, root


def _names(root: Path, pattern: str) -> list[str]:
    """The images below a folder, relative to `root`; those of derivatives lie there alone."""
    found = (path for ending in ENDINGS for path in root.glob(pattern + ending))
    return sorted(path.relative_to(root).as_posix() for path in found)


def _stem(name: str) -> str:
    name = name.rpartition("/")[2]
    return next(name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)).casefold()


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(_stem(name), pattern.casefold())


def _is_image(name: str, sequence: str, pattern: str | None) -> bool:
    if pattern is not None:
        return _matches(name, pattern)
    return _matches(name, f"*_{sequence}") and "_ce-" not in _stem(name)


def _several(patient: str, sequence: str, kind: str, found: Sequence[str]) -> Fault:
    key = "files" if kind == "image" else "masks"
    what = "images" if kind == "image" else "outlines"
    listed = ", ".join(found[:4])
    return Fault(
        f"participant {patient}: {len(found)} files can be its {what} of {sequence}: {listed}; choose one with a "
        f'pattern, such as "+cohort.{key}.{sequence}=*_{"T1w" if kind == "image" else "desc-tumour_mask"}"',
        f"participant {patient}",
        [listed],
    )
