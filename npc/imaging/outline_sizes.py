"""The size of each outline: what a ruler knows of a tumour; signatures are compared with it (prognosis/controls.py)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
from filelock import FileLock

from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.errors import InputError
from npc.files import make_folder, write_text
from npc.imaging.content import content_keys, digest, read_json
from npc.imaging.read_all import read_all
from npc.imaging.size import OutlineSize, outline_size
from npc.names import TUMOUR

RECIPE = 1  # raise it when the same outline gives another size
_CACHE = "outlines.json"


def outline_sizes(folder: str | Path, cohort: Cohort, sequences: Sequence[str], patients: pd.Index) -> pd.DataFrame:
    """The outlines of some patients, measured once: an outline that has not changed is not read again.

    Args:
        folder: of all stores.
        cohort: a patient without a sequence has no row for it.
        sequences: whose outlines are measured.
        patients: those wanted.

    Returns:
        in the order of `patients` and `sequences`: `patient_id`, `sequence`, `volume` (mL), `area` (cm²); 0 where an
        outline lacks the region of `cohort.rois` that the cohort means.

    Raises:
        InputError: outlines that cannot be read, of all patients at once.
    """
    folder = Path(folder)
    make_folder(folder)
    # the size of the outline itself, whatever a method sees of it, and wherever its slices are
    whole = replace(cohort, region=TUMOUR, sliced_by=None)
    studies = [replace(study, may_lack=bool(study.rois)) for s in sequences for study in whole.studies(s)]
    by_id = {(study.patient, study.sequence): study for study in studies}
    asked = [(str(patient), sequence) for patient in patients for sequence in sequences]
    wanted = [by_id[one] for one in asked if one in by_id]
    content, faults = content_keys(folder / "fingerprints.json", {_name(study): study.files for study in wanted})
    keys = {
        name: digest(json.dumps([RECIPE, content[name], study.label, study.roi, study.by_index]))
        for study in wanted
        if (name := _name(study)) in content
    }
    known = read_json(folder / _CACHE)
    missing = [study for study in wanted if (name := _name(study)) in keys and keys[name] not in known]
    found = {
        keys[_name(study)]: asdict(size) for study, size in read_all(missing, _measure, "Measuring outlines", faults)
    }
    if faults:
        raise InputError(sorted(faults), f"{len(faults)} of {len(wanted)} outlines cannot be measured")
    if found:
        with FileLock(folder / f"{_CACHE}.lock"):
            write_text(folder / _CACHE, json.dumps(read_json(folder / _CACHE) | found))
    known |= found
    return pd.DataFrame(
        {"patient_id": study.patient, "sequence": study.sequence, **known[keys[_name(study)]]} for study in wanted
    )


def _name(study: Study) -> str:
    return f"{study.sequence}/{study.patient}"


def _measure(study: Study) -> OutlineSize:
    from npc.imaging.readers import read_scan  # takes a second to import; measured outlines need it no more

    scan = read_scan(study)
    return outline_size(scan.mask, scan.spacing)
