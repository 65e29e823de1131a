"""The choices about patients by name and type: cohort, endpoint, split."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from typing import Any

from omegaconf import MISSING

from npc.config.fields import at_least, folder_name, is_number, later, must_be, neutral, one_of, positive, share, text
from npc.phantom.options import Options


def is_named(value: Any) -> bool:
    """Whether a value is a name, or a list of names; a name may be a number."""
    names = [value] if isinstance(value, str) or is_number(value) else value
    return isinstance(names, Sequence) and all(isinstance(name, str) or is_number(name) for name in names)


@dataclass
class VariableConfig:
    """A clinical variable that the cohort's table holds."""

    kind: str = MISSING  # one of continuous | ordinal | binary | categorical
    levels: list[str] | None = None  # in order
    cut: str | None = None  # such as ">= 4000"
    label: str | None = None  # in tables and figures; null: the column's name with spaces


@dataclass
class CriterionConfig:
    """Which patients of a cohort belong to the study, by the value of one column."""

    column: str = MISSING  # of the table
    keep: Any = MISSING  # levels such as [III, IVa, IVb], or a cut such as ">= 18"
    reason: str = MISSING  # why the other patients are excluded


def is_label(value: Any) -> bool:
    """Whether a value, or each of a list, is a whole number other than 0."""
    values = [value] if is_number(value) else value
    return isinstance(values, Sequence) and bool(values) and all(is_number(v) and v and v % 1 == 0 for v in values)


@dataclass
class CohortConfig:
    """Where the patients come from."""

    _target_: str = MISSING  # reads the source
    name: str = neutral(folder_name())
    root: str = neutral()
    sequences: list[str] = MISSING
    labels: dict[str, str] = neutral(field(default_factory=dict))  # of sequences, in tables and figures
    clinical: dict[str, VariableConfig] | None = neutral(field(default_factory=dict))
    development: str | None = None
    exclude: dict[str, str] = field(default_factory=dict)  # single patients to exclude: id -> reason
    criteria: dict[str, CriterionConfig] = field(default_factory=dict)  # in order: the first not met is the reason
    labelled: bool = neutral(True)  # false: no outcome is known
    sheet: str | None = neutral(None)  # of patients.xlsx; null: the first one
    date_order: str = neutral(one_of("year_first", "day_first", "month_first", default="year_first"))
    missing: str = one_of("error", "exclude", "exclude_any", "mask", default="error")  # sequences of a patient
    label: Any = must_be("a value of the outline, not 0, or a list of such values", is_label, default=None)
    rois: dict[str, int | str] = later(field(default_factory=dict))  # regions by value, or by name of ROI or segment
    by_index: bool = False  # outlines whose header has no position are laid on their image voxel by voxel
    roi: dict[str, str] = field(default_factory=dict)  # name of the ROI by sequence
    size: int = MISSING
    mssim: float = neutral(share(0.9))
    icc: float = neutral(share(0.75))


@dataclass
class BidsCohortConfig(CohortConfig):
    """A data set in the layout of BIDS: patterns of the names of files, by sequence."""

    files: dict[str, str] = field(default_factory=dict)
    masks: dict[str, str] = field(default_factory=dict)


# A synthetic cohort: the phantom's options, as it declares them, are keys of the cohort.
PhantomCohortConfig = make_dataclass(
    "PhantomCohortConfig",
    [(item.name, item.type, field(default=item.default, metadata=item.metadata)) for item in fields(Options)],
    bases=(CohortConfig,),
    namespace={"__module__": __name__},  # where pickle looks for it
)


@dataclass
class EndpointConfig:
    """What is predicted."""

    kind: str = one_of("binary", "landmark", "cox", "hazard")
    event: str = MISSING
    time: str = MISSING
    class_weight: bool = False
    smoothing: float = later(must_be("0 or more, and less than 1", lambda value: 0 <= value < 1, 0.0))  # of the labels
    months: float | None = positive(None)  # of the landmark
    intervals: int | None = at_least(1, None)  # of the hazard
    name: str = neutral("the event")  # in tables and figures
    survival: str = neutral("event-free survival")  # in tables and figures: the time without the event


@dataclass
class SplitConfig:
    """Which patients train, which choose the epoch, which test."""

    by: str = one_of("by_centre", "leave_one_centre_out", "random")
    seed: int = at_least(0, 0)
    validation: float = MISSING
    development: Any = text(must_be("a hospital, or a list of hospitals", is_named, None))
    test: Any = must_be("a share of the patients, or a list of hospitals", lambda v: is_number(v) or is_named(v), 0.0)
    stratify: bool = later(False)  # of by_centre: the validation patients are drawn with their share of events
