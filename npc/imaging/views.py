"""What a method sees of a cohort: an image series for each sequence and each region, and who lacks a region."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from npc.cohort.cohort import Cohort
from npc.errors import InputError
from npc.imaging.outline_sizes import outline_sizes


@dataclass(frozen=True)
class View:
    """A region of the images of one sequence.

    Attributes:
        name: the sequence's; of several regions `<region>_<sequence>`.
        sequence: whose images and outlines are read.
        region: its name in `cohort.rois`; empty where the cohort declares none.
        cohort: its outlines are those of the region.
    """

    name: str
    sequence: str
    region: str
    cohort: Cohort

    @property
    def may_be_absent(self) -> bool:
        """Whether a patient may lack the region; none lacks that by which slices are chosen."""
        return self.cohort.sliced_by is not None


def views(cohort: Cohort, sequences: Sequence[str]) -> list[View]:
    """The inputs of a method in the order in which they are joined: the regions of the first sequence come first.

    Args:
        cohort: of `Cohort.of_region`.
        sequences: of the run.
    """
    if not cohort.regions:
        return [View(sequence, sequence, "", cohort) for sequence in sequences]
    first, *others = cohort.regions
    by_region = {first: cohort}
    for name in others:
        by_region[name] = replace(cohort, label=cohort.rois[name], sliced_by=cohort.label)
    return [
        View(f"{region}_{sequence}" if others else sequence, sequence, region, of)
        for sequence in sequences
        for region, of in by_region.items()
    ]


def seen(
    cohort: Cohort, region: str, sequences: Sequence[str], store: str | Path, *, any_absent: bool = False
) -> tuple[Cohort, list[str]]:
    """The cohort whose methods see this region, and sentences on the patients who lack it.

    Args:
        cohort: as loaded.
        region: of `train.py`, checked.
        sequences: of the run.
        store: folder of all stores.
        any_absent: whether a region may be absent in all patients, as of few who are predicted; that by which slices
            are chosen may not.

    Raises:
        InputError: no patient has a region; see `lacking`.
    """
    cohort = cohort.of_region(region)
    if not cohort.regions:
        return cohort, []
    absent = lacking(store, cohort, sequences, cohort.patients.index)
    for view in views(cohort, sequences):
        lost = sum(view.sequence in of for of in absent[view.region].values())
        if lost and lost == len(cohort.studies(view.sequence)) and not (any_absent and view.may_be_absent):
            raise InputError(no_patient_has(view.region, view.sequence, cohort))
    cohort = without(cohort, absent[cohort.regions[0]])
    return cohort, counted(cohort, absent)


def lacking(
    store: str | Path, cohort: Cohort, sequences: Sequence[str], patients: pd.Index
) -> dict[str, Mapping[str, list[str]]]:
    """The patients whose outlines lack a region: for each region, by patient, the sequences on which they do.

    Args:
        store: folder of all stores, where the sizes of outlines are kept.
        cohort: of `Cohort.of_region`.
        sequences: of the run; a patient without a sequence does not lack its regions.
        patients: those wanted.

    Raises:
        InputError: outlines cannot be read.
    """
    found: dict[str, dict[str, list[str]]] = {region: {} for region in cohort.regions}
    for view in views(cohort, sequences) if cohort.regions else ():
        sizes = outline_sizes(store, view.cohort, [view.sequence], patients)
        absent = sizes.loc[sizes["volume"] == 0, "patient_id"]
        for patient in absent:
            found[view.region].setdefault(patient, []).append(view.sequence)
    return dict(found)


def with_own_slices(view: View, absent: Mapping[str, Mapping[str, Sequence[str]]]) -> Cohort:
    """The cohort of a view for a method that chooses each region's slices by that region.

    Args:
        view: of `views`.
        absent: of `lacking`; these patients are not among the patients.
    """
    lost = [patient for patient, sequences in absent.get(view.region, {}).items() if view.sequence in sequences]
    return replace(view.cohort, patients=view.cohort.patients.drop(index=lost), sliced_by=None)


def view_sizes(store: str | Path, cohort: Cohort, sequences: Sequence[str], patients: pd.Index) -> pd.DataFrame:
    """The sizes of the outlines that a run sees: `outline_sizes`, of several regions with the column `region`.

    Args: as for `outline_sizes`.
    """
    if len(cohort.regions) < 2:
        return outline_sizes(store, cohort, sequences, patients)
    tables = []
    for view in views(cohort, sequences):
        table = outline_sizes(store, view.cohort, [view.sequence], patients)
        table.insert(2, "region", view.region)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def no_patient_has(region: str, sequence: str, cohort: Cohort) -> str:
    """The message for a region that is nowhere outlined."""
    value = cohort.rois[region]
    what = f"ROI or segment {value!r}" if isinstance(value, str) else f"value {value}"
    return (
        f"region: no patient of cohort {cohort.name} has {region} on {sequence} ({what} of the "
        f"outlines); correct cohort.rois.{region}, or choose another region"
    )


def without(cohort: Cohort, absent: Mapping[str, Sequence[str]]) -> Cohort:
    """The cohort without the patients who lack the region by which slices are chosen.

    Like patients without a sequence they are among `exclusions`, and the split is drawn over them, too.

    Args:
        cohort: of `Cohort.of_region`.
        absent: of this region, by patient the sequences without it.
    """
    lost = cohort.patients[cohort.patients.index.isin(list(absent))]
    if lost.empty:
        return cohort
    reasons = [f"no {cohort.regions[0]} on {' and '.join(absent[str(patient)])}" for patient in lost.index]
    rows = lost[["centre"]].assign(reason=reasons).reset_index()
    return replace(
        cohort,
        patients=cohort.patients.drop(lost.index),
        lacking=pd.concat([cohort.lacking, lost]) if len(cohort.lacking) else lost,
        exclusions=pd.concat([cohort.exclusions, rows], ignore_index=True) if len(cohort.exclusions) else rows,
    )


def counted(cohort: Cohort, absent: Mapping[str, Mapping[str, Sequence[str]]]) -> list[str]:
    """How many patients lack each region; sentences.

    Args:
        cohort: with the patients who were left out among `lacking`.
        absent: of `lacking`.
    """
    total = len(cohort.patients.index.union(cohort.lacking.index))
    first, *others = cohort.regions or ("",)
    notes = [f"{len(absent[name])} of {total} patients have no {name}" for name in others if absent[name]]
    if first and absent[first]:
        notes.insert(0, f"{len(absent[first])} of {total} patients have no {first} and are left out")
    return [f"region={'+'.join(cohort.regions)}: {note}" for note in notes]
