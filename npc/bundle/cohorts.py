"""The cohort whose patients a bundle predicts: from a command line, or of one patient."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf

from npc.bundle.read import Bundle
from npc.cohort import schema
from npc.cohort.cohort import Cohort
from npc.cohort.label import label
from npc.cohort.load import load
from npc.cohort.studies import image_column, outline_column
from npc.errors import InputError
from npc.imaging.views import seen
from npc.names import TUMOUR

ONE = "patient"  # id of a patient who is given by paths
# what the command line may say; the rest is the model's
OF_COHORT = ("cohort", "criteria", "store", "experiment", "hydra")


def outcome(patients: pd.DataFrame, endpoint: Mapping[str, Any]) -> pd.Series:
    """The label of each patient, NaN where it is not known.

    Args:
        patients: with the outcome's columns.
        endpoint: of the bundle: `time`, `event`, `kind` and `months`.
    """
    time, event = patients[endpoint["time"]].astype(float), patients[endpoint["event"]].astype(int)
    return label(time, event, endpoint["kind"], endpoint["months"])


def of_words(bundle: Bundle, words: Sequence[str], *, outcomes: bool) -> tuple[Cohort, str]:
    """The cohort that a command line names, and the folder of its stores.

    Args:
        bundle: says which sequences and clinical variables are needed.
        words: `cohort=table cohort.root=DIR ...`.
        outcomes: whether they are read.

    Raises:
        InputError: the cohort can't be used, or a word is about something that the model has fixed.
    """
    from npc.config.checks import check_values
    from npc.config.loading import compose
    from npc.config.values import plain

    groups = [word.lstrip("+~").partition("=")[0].partition(".")[0] for word in words]
    reads = ", ".join(bundle.about["sequences"].values()) or "no image"
    faults = [
        f"{word}: the model has its own choice (it reads {reads}); leave this word out"
        for word, group in zip(words, groups, strict=True)
        if group not in OF_COHORT
    ]
    if "cohort" not in groups:
        faults.append("no cohort: name it, as in cohort=table cohort.root=DIR")
    if faults:
        raise InputError(faults)
    config = compose(words)
    _check_rois(bundle, config)
    config.region = _region(bundle)
    check_values(config)
    if config.cohort.missing == "mask" and not bundle.is_masked:
        raise InputError(
            "cohort.missing=mask: the model has not learned to predict without a sequence; use "
            "cohort.missing=exclude, which leaves such patients out"
        )
    choices = plain(config)["cohort"]
    choices["clinical"] = _declared(bundle)
    endpoint: Any = OmegaConf.create(dict(bundle.about["endpoint"]))
    cohort = load(OmegaConf.create(choices), endpoint, bundle.sequences, outcomes=outcomes)
    cohort, notes = seen(cohort, config.region, bundle.sequences, config.store, any_absent=True)
    cohort = replace(cohort, warnings=[*cohort.warnings, *notes])
    if cohort.patients.empty:
        raise InputError(f"cohort {cohort.name}: no patient is left; give what they lack, or exclude fewer")
    return _with_levels(bundle, cohort), config.store


def of_one(
    bundle: Bundle,
    images: Mapping[str, Path],
    masks: Mapping[str, Path],
    values: Mapping[str, Any],
    rois: Mapping[str, int | str] | None = None,
) -> Cohort:
    """One patient.

    Args:
        bundle: says which sequences and clinical variables are needed; one trained with `cohort.missing=mask` takes
            some of its sequences.
        images: file or DICOM folder, by sequence.
        masks: outline on it, by sequence.
        values: of the clinical variables; one that is not there is missing.
        rois: how the outlines name the model's regions; None as in the training cohort.

    Raises:
        InputError: names each fault.
    """
    root = Path("/").resolve()
    faults = _sequences(bundle, images, masks)
    known = [variable.name for variable in bundle.formula.variables]
    faults += [
        f"clinical: the model knows no {name}; it has {', '.join(known) or 'none'}"
        for name in values
        if name not in known
    ]
    declared = dict(bundle.about.get("rois", {}) if rois is None else rois)
    if declared and not bundle.about.get("rois"):
        faults.append("rois: the model reads the outline as it is, and no regions of it; leave rois out")
    if bundle.sequences and (absent := [name for name in bundle.about.get("rois", {}) if name not in declared]):
        faults.append(
            f"rois: the model reads the region {' and '.join(absent)}; give its value or name in the outlines, "
            f"too, as in rois={dict(bundle.about['rois'])}"
        )
    if faults:
        raise InputError(faults)
    row: dict[str, Any] = {"patient_id": ONE, "centre": "-"} | {name: values.get(name) for name in known}
    for sequence in bundle.sequences:
        for column, given in ((image_column, images), (outline_column, masks)):
            path = given.get(sequence)
            row[column(sequence)] = str(path.expanduser().resolve().relative_to(root)) if path else None
    endpoint = bundle.about["endpoint"]
    from npc.cohort.clinical import parse

    patients, *_ = schema.check(
        pd.DataFrame([row]),
        where=ONE,
        root=root,
        sequences=bundle.sequences,
        clinical=parse(_declared(bundle)),
        missing="mask" if bundle.is_masked else "error",
        time=endpoint["time"],
        event=endpoint["event"],
        labelled=False,
    )
    cohort = Cohort(ONE, root, patients.set_index("patient_id"), bundle.sequences, rois=declared)
    cohort = cohort.of_region(_region(bundle))
    return _with_levels(bundle, cohort)


def _sequences(bundle: Bundle, images: Mapping[str, Path], masks: Mapping[str, Path]) -> list[str]:
    """Faults of what is given of one patient."""
    known, reads = set(bundle.sequences), f"the model reads {', '.join(bundle.sequences) or 'no image'}"
    if not bundle.is_masked:
        return [
            f"{what}: {reads}; give one for each, and no other"
            for what, given in (("image", images), ("mask", masks))
            if set(given) != known
        ]
    if set(images) == set(masks) and set(images) <= known and images:
        return []
    return [f"image, mask: {reads}; give both of one or more of these sequences, and no other"]


def _check_rois(bundle: Bundle, config: DictConfig) -> None:
    """The outlines of each hospital have the model's regions by values or names of their own; the cohort declares them.

    Raises:
        InputError: a region is not declared, or the model reads none.
    """
    if not bundle.sequences:
        return  # a clinical model
    own: Mapping[str, int | str] = bundle.about.get("rois", {})
    region, declared = _region(bundle), OmegaConf.select(config, "cohort.rois") or {}
    absent = [name for name in own if name not in declared]
    if absent and (declared or region != TUMOUR):  # an outline of the tumour alone needs no declaration
        example = " ".join(shlex.quote(f"+cohort.rois.{name}={value}") for name, value in own.items() if name in absent)
        raise InputError(
            f"cohort.rois: the model needs the region{'s' * (len(own) > 1)} {' and '.join(own)}, and the cohort "
            f"declares no {' and no '.join(absent)}; declare each region by its value or name in your outlines, such "
            f"as {example} (those of the training cohort)"
        )
    if declared and not own and region not in declared:
        raise InputError(
            f"cohort.rois: the model reads {region}, and no named regions, which the cohort declares; remove "
            "cohort.rois, and give the tumour's value by cohort.label"
        )


def _region(bundle: Bundle) -> str:
    return str(bundle.about.get("region", TUMOUR))


def _declared(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """The clinical variables as a config declares them; a categorical one may have levels that training had not."""
    return {
        of["name"]: {**of, "levels": None if of["kind"] in ("categorical", "continuous") else of["levels"]}
        for of in bundle.formula.plain["variables"]
    }


def _with_levels(bundle: Bundle, cohort: Cohort) -> Cohort:
    """A categorical variable has the levels of training, then those of these patients alone."""
    patients = cohort.patients.copy()
    for variable in bundle.formula.variables:
        if variable.kind == "categorical":
            there = patients[variable.name].cat.categories
            levels = [*variable.levels, *bundle.formula.plain["levels"][variable.name], *there]
            patients[variable.name] = patients[variable.name].cat.set_categories(list(dict.fromkeys(levels)))
    return replace(cohort, patients=patients)
