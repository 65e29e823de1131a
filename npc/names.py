"""The names that files and configs use, and what a reader is shown for them."""

from collections.abc import Iterable, Mapping

SPLITS = {"train": "Training", "validation": "Internal validation", "test": "Test"}
LEAVE_ONE_OUT = "leave_one_centre_out"  # a split of as many runs as there are hospitals
EXTERNAL_TEST = "External test"  # of a test cohort whose hospitals neither train nor validate
POOLED = "All cohorts"

# In the order in which a signature is preferred for the combined model.
METHODS = {
    "ensemble": "Ensemble of networks",
    "deep_learning": "Deep learning",
    "radiomic": "Radiomic",
    "frozen": "Frozen encoder",
}
MODELS = {
    "combined": "Combined model",
    "all_arms": "Model of all arms",
    "ensemble": "Ensemble signature",
    "deep_learning": "Deep-learning signature",
    "radiomic": "Radiomic signature",
    "frozen": "Frozen-encoder signature",
    "clinical": "Clinical model",
}
# Negative controls that are trained on altered images (npc/imaging/control_images.py).
CONTROLS = {
    "shape": "outline alone",
    "shuffled": "voxels shuffled inside the outline",
    "redrawn": "voxels drawn anew from the tumour's histogram",
}
HORIZONS = (12, 36, 60)  # months at which figures of time to event are given
PREDICTED = (36, 60)  # months by which a model that is handed over gives the probability of the event
NETWORKS = ("deep_learning", "ensemble")  # methods whose signature is one network, or several
FEWEST = 5  # patients in a cell that may leave the hospital
RISK_GROUPS = {"low": "low risk", "high": "high risk"}

SLICES = {"max": "Max slice", "three": "Multiple slices", "all": "All slices"}
BOTH = "both"  # the sequences of a cohort that has two
PAPER_SERIES = {"cet1": "CET1-w", "t2": "T2-w"}

REGION_MARK = "@"  # in a variant, before a region other than the tumour: `cet1@ring5-max`
TUMOUR = "tumour"  # the region that a method sees unless another one is chosen
FIRST_READER = "reader1"  # whose contours are the cohort's
OTHER_READERS = ("reader1b", "reader2")  # the first reader again, and another one
COMPARISONS = {"intra": "reader1b", "inter": "reader2"}  # of the first reader's contours with those of
READERS = {"reader1": "first reader", "reader1b": "same reader again", "reader2": "another reader"}

ARMS = ["standard", "additional"]  # of a treatment

NOT_ESTIMABLE = "not estimable"


def series_labels(sequences: Iterable[str], declared: Mapping[str, str]) -> dict[str, str]:
    """What a reader is shown for each sequence of a cohort, and for `both` of its two.

    Args:
        sequences: of the cohort, in order.
        declared: `cohort.labels`; the paper's series have theirs, any other sequence keeps its name.
    """
    labels = {name: declared.get(name, PAPER_SERIES.get(name, name)) for name in sequences}
    return labels | ({BOTH: " + ".join(labels.values())} if len(labels) == 2 else {})


def variant_in_words(variant: str, labels: Mapping[str, str]) -> tuple[str, str]:
    """Image series and slices of a variant such as `cet1-max` or `cet1+t1-max`.

    Args:
        variant: `<sequences>-<slices>`.
        labels: of `series_labels`.
    """
    images, slices = variant.rsplit("-", 1)
    sequences, _, region = images.partition(REGION_MARK)
    named = [sequences] if sequences in labels else sequences.split("+")
    where = f", {region}" if region else ""
    return " + ".join(labels.get(name, name) for name in named) + where, SLICES.get(slices, slices)


def with_signs(text: str) -> str:
    """A comparison as it is printed: `≥ 4000` for `>= 4000`."""
    return text.replace(">=", "≥").replace("<=", "≤")


def split_titles(split: Iterable[str], centre: Iterable[str]) -> dict[str, str]:
    """The cohorts that there are, by split: the test cohort is external where none of its hospitals develops the model.

    Args:
        split: `train`, `validation` or `test` of each patient.
        centre: the hospital of each.
    """
    centres: dict[str, set[str]] = {name: set() for name in SPLITS}
    for name, hospital in zip(split, centre, strict=True):
        centres[name].add(hospital)
    external = centres["test"].isdisjoint(centres["train"] | centres["validation"])
    titles = {**SPLITS, "test": EXTERNAL_TEST} if external else SPLITS
    return {name: title for name, title in titles.items() if centres[name]}
