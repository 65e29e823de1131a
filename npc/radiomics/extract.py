"""Radiomic features of a cohort: of every outline in both slice modes, each computed once and stored.

The store holds one file for each outline, `features-<sequence>-<settings>/<content>.json`, named by a hash of the
content of image and outline: another image, outline or setting gets another file.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.config.method_schema import FeaturesConfig
from npc.errors import InputError
from npc.files import make_folder, write_text
from npc.imaging.content import content_keys, digest, own_keys, read_json, repeated_images, voxels_hash
from npc.imaging.control_images import altered
from npc.imaging.read_all import read_all
from npc.imaging.readers import read_scan, read_scans
from npc.names import FIRST_READER, READERS
from npc.radiomics.features import MODES, Values, features

log = logging.getLogger(__name__)
RECIPE = 2  # raise it when the same input and settings give other values


@dataclass(frozen=True)
class Extracted:
    """Features of one sequence.

    Attributes:
        by_reader: (patients, features) by reader and slice mode; missing where not defined.
        failures: by patient, why there are no features.
        hash: of the patients, the content of their images and outlines, and the settings.
    """

    by_reader: Mapping[str, Mapping[str, pd.DataFrame]]
    failures: Mapping[str, str]
    hash: str

    @property
    def features(self) -> Mapping[str, pd.DataFrame]:
        """Features of the first reader's outlines, by slice mode."""
        return self.by_reader[FIRST_READER]

    def outlines(self, slices: str, patients: pd.Index) -> pd.DataFrame:
        """A row for each outline of the patients with second outlines: `patient_id`, `reader` and the features."""
        tables = {reader: of[slices].loc[of[slices].index.isin(patients)] for reader, of in self.by_reader.items()}
        again = sorted(set().union(*(table.index for reader, table in tables.items() if reader != FIRST_READER)))
        tables[FIRST_READER] = tables[FIRST_READER].loc[tables[FIRST_READER].index.isin(again)]
        return pd.concat(tables, names=["reader", "patient_id"]).reset_index()


def extract(
    cohort: Cohort, sequence: str, settings: FeaturesConfig, *, store: str | Path, missing: str = "error"
) -> Extracted:
    """The features of one sequence of a cohort; those that are not in the store yet are computed.

    Args:
        cohort: patients who all have the sequence.
        sequence: its images and outlines are read.
        settings: `radiomics.features`.
        store: folder of all stores.
        missing: with `exclude`, `failures` lists the patients without features, and why; `error` raises.

    Raises:
        InputError: faults of images and outlines, of all patients at once; two patients have the same image.
    """
    choices = [RECIPE, version("pyradiomics"), asdict(settings), *cohort.reading(sequence)]
    settings_hash = digest(json.dumps(choices, sort_keys=True))
    home = Path(store) / f"features-{sequence}-{settings_hash[:12]}"
    make_folder(home)
    studies = cohort.studies(sequence, tuple(READERS))
    files, content = _files(studies, Path(store), home)
    if repeated := _repeated(studies, dict(content), Path(store) / "images.json"):
        raise InputError(repeated)
    failures = _work_out(studies, settings, files)
    if failures and missing == "error":
        faults = [f"patient {patient}: {reason}" for (patient, _), reason in failures.items()]
        raise InputError(
            [*faults, "radiomics.missing=exclude leaves these patients out"],
            f"{len(failures)} of {len(files)} outlines ({sequence}) have no radiomic features",
        )
    for (patient, reader), reason in failures.items():
        if reader != FIRST_READER:
            log.warning("patient %s: the outline of %s is not used: %s", patient, reader, reason)
    # an outline of another reader without the region has no file: this reader has not outlined this patient again
    written = {outline: file for outline, file in files.items() if outline not in failures and file.exists()}
    found = {outline: json.loads(file.read_text()) for outline, file in written.items()}
    by_reader = {
        reader: {mode: _table({p: values[mode] for (p, r), values in found.items() if r == reader}) for mode in MODES}
        for reader in READERS
    }
    lost = {patient: reason for (patient, reader), reason in failures.items() if reader == FIRST_READER}
    return Extracted(by_reader, lost, digest(json.dumps([settings_hash, content])))


def _files(
    studies: Sequence[Study], store: Path, home: Path
) -> tuple[dict[tuple[str, str], Path], list[tuple[str, str]]]:
    """The file of each outline's features, by patient and reader; and the hash of the content of each outline."""
    inputs = {f"{of.patient}/{reader}": (of.image, mask) for of in studies for reader, mask in of.outlines.items()}
    keys, faults = content_keys(store / "fingerprints.json", inputs)
    if faults:
        raise InputError(faults)
    keys = own_keys(keys, studies)
    files = {
        (of.patient, reader): home / f"{keys[f'{of.patient}/{reader}']}.json"
        for of in studies
        for reader in of.outlines
    }
    return files, sorted(keys.items())


def _repeated(studies: Sequence[Study], keys: Mapping[str, str], cache: Path) -> list[str]:
    """Faults of images that several patients have as their own, found before hours of work.

    Args:
        studies: of all patients; an image that can't be read is reported with its features.
        keys: hash of the content, by patient and reader.
        cache: the hashes of the images' voxels by content; reading is short beside the features.
    """
    known = read_json(cache)
    by_key = {keys[f"{study.patient}/{FIRST_READER}"]: study for study in studies}
    new = [study for key, study in by_key.items() if key not in known]
    for study, image in read_all(new, _image_hash, "Comparing images", faults=[]):
        known[keys[f"{study.patient}/{FIRST_READER}"]] = image
    if new:
        write_text(cache, json.dumps(known))
    found = [(study, known.get(keys[f"{study.patient}/{FIRST_READER}"])) for study in studies]
    return repeated_images([(study, image) for study, image in found if image])


def _image_hash(study: Study) -> str:
    return voxels_hash(read_scan(study).image)


def _work_out(
    studies: Sequence[Study], settings: FeaturesConfig, files: Mapping[tuple[str, str], Path]
) -> dict[tuple[str, str], str]:
    """Writes the files that are missing; returns by patient and reader why some outlines have no features."""
    lacking = {
        of.patient: [reader for reader in of.outlines if not files[of.patient, reader].exists()] for of in studies
    }
    todo = [study.by(*lacking[study.patient]) for study in studies if lacking[study.patient]]
    failures: dict[tuple[str, str], str] = {}
    work = partial(_by_reader, settings=settings)
    for study, found in read_all(todo, work, f"Radiomic features of {studies[0].sequence}", faults=[]):
        for reader, values in found.items():
            if isinstance(values, InputError):
                failures[study.patient, reader] = "; ".join(study.by(reader).located(fault) for fault in values.faults)
            elif values:
                write_text(files[study.patient, reader], json.dumps(values))
    return failures


def _by_reader(study: Study, settings: FeaturesConfig) -> dict[str, dict[str, Values] | InputError]:
    """The features of each outline, by slice mode, or its error; none of an outline without the cohort's region."""
    try:
        outlined = read_scans(replace(study, may_lack=bool(study.rois)))
        drawn = {reader: altered(scan, study.control) for reader, scan in outlined.items() if scan.mask.any()}
        scans = list(drawn.values())
        # a control alters the image inside each outline, so the outlines no longer share one image
        groups = [[scan] for scan in scans] if study.control or not scans else [scans]
        found = [values for group in groups for values in features(group, settings)]
        by_reader: dict[str, dict[str, Values] | InputError] = {reader: {} for reader in study.outlines}
        return by_reader | dict(zip(drawn, found, strict=True))
    except InputError as error:
        if len(study.outlines) == 1:
            return dict.fromkeys(study.outlines, error)
        # only one of several outlines may have the fault
        return {reader: _by_reader(study.by(reader), settings)[reader] for reader in study.outlines}


def _table(values: Mapping[str, Mapping[str, float | None]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(dict(values), orient="index", dtype="float64").rename_axis("patient_id")
