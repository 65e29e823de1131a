"""Features without information about a tumour: undefined, constant, rounding noise, or redundant."""

import re
from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin

from npc.errors import InputError

# Two numbers are equal if they differ by less than this fraction of their size. Extraction is in double precision:
# differences by rounding alone are 1e-15 to 1e-12.
SAME = 1e-9
# A wavelet band or LoG whose range of intensities in the tumour is less than this fraction of the widest image's is
# rounding noise, which has 1e-15 (1e-7 in single precision); the weakest real band of 16 sarcomas has 8e-3.
NOISE = 1e-6
# Number of patients from which it is meaningful that two features are equal, or that one patient alone differs.
ENOUGH = 5

_INTENSITIES = {
    f"firstorder_{name}"
    for name in ("Mean", "Median", "Minimum", "Maximum", "10Percentile", "90Percentile", "InterquartileRange",
                 "MeanAbsoluteDeviation", "RobustMeanAbsoluteDeviation", "RootMeanSquared")
}  # fmt: skip
# Values of pyradiomics for an image of one grey level, where the definition divides 0 by 0 (1, 1, 0, 0, 1e6, 0, 0).
_CONVENTIONS = {
    *("glcm_Correlation", "glcm_MCC", "glcm_Imc1", "glcm_Imc2"),
    *("ngtdm_Coarseness", "ngtdm_Busyness", "ngtdm_Strength"),
}
# By class and feature: the feature that it is a function of. pyradiomics omits most of these by default.
_REPEATS = {
    "glcm_SumAverage": ("glcm_JointAverage", "twice"),
    "glcm_SumVariance": ("glcm_ClusterTendency", "equal to"),
    "glcm_Dissimilarity": ("glcm_DifferenceAverage", "equal to"),
    "glcm_Homogeneity1": ("glcm_Id", "equal to"),
    "glcm_Homogeneity2": ("glcm_Idm", "equal to"),
    "gldm_GrayLevelNonUniformityNormalized": ("firstorder_Uniformity", "equal to"),
    "firstorder_StandardDeviation": ("firstorder_Variance", "the root of"),
    "shape_SphericalDisproportion": ("shape_Sphericity", "one over"),
    "shape_Compactness1": ("shape_Sphericity", "a power of"),
    "shape_Compactness2": ("shape_Sphericity", "a power of"),
    "shape2D_SphericalDisproportion": ("shape2D_Sphericity", "one over"),
}
# Features that are 1 if all voxels of an image have one grey level.
_ONE_LEVEL = (
    *("firstorder_Uniformity", "glrlm_GrayLevelNonUniformityNormalized"),
    *("glszm_GrayLevelNonUniformityNormalized", "glcm_JointEnergy"),
)


def guard(values: pd.DataFrame, training: Collection, *, slices: str, slab: bool = False) -> dict[str, str]:
    """The features that are excluded before any selection, and why; the first rule that applies gives the reason.

    Rules that hold for every cohort go by the feature's name; the others use the training patients, and no other row.

    Args:
        values: features (patients, features), named `<image>_<class>_<feature>` as pyradiomics does, with or without a
            prefix such as the sequence's; NaN where one is not defined.
        training: labels of the rows that may be used.
        slices: `max` or `three`.
        slab: whether the filters were applied to the chosen slices alone.

    Returns:
        Reason by feature, in the order of the columns.

    Raises:
        InputError: `slices` is neither of them, or there are no training patients.
    """
    if slices not in ("max", "three"):
        raise InputError(f"slices={slices}: must be one of max, three")
    seen = values.loc[values.index.isin(list(training))].astype(float)
    if seen.empty:
        raise InputError("there are no training patients among those with features; correct the split or the images")
    reasons: dict[str, str] = {}
    for rule in (
        _by_name(seen.columns, slices, slab),
        _undefined(seen),
        _noise(seen),
        _conventions(seen),
        _constant(seen),
    ):
        reasons = rule | reasons
    reasons = _repeated(seen.drop(columns=list(reasons))) | reasons
    return {name: reasons[name] for name in values.columns if name in reasons}


def _by_name(names: Iterable[str], slices: str, slab: bool) -> dict[str, str]:
    """Reasons that follow from the definitions, for all patients."""
    names = list(names)
    reasons: dict[str, str] = {}
    for name in names:
        image, feature = _parts(name)
        if slices == "max" and feature.startswith("shape_"):
            reasons[name] = "the third dimension of one slice is its thickness, which depends on the scanner"
        elif slices == "three" and feature.startswith("shape2D_"):
            reasons[name] = "defined on one slice only"
        elif slices == "three" and feature == "shape_LeastAxisLength":
            reasons[name] = "for three slices it is their thickness, which depends on the scanner"
        elif slices == "max" and slab and re.search(r"wavelet\d*-[LH]{2}H$", image):
            reasons[name] = "rounding noise: a single slice has no detail across slices"
        elif feature == "gldm_DependencePercentage":
            reasons[name] = "always 1"
        elif feature in _REPEATS:
            other, how = _REPEATS[feature]
            if f"{image}_{other}" in names:
                reasons[name] = f"{how} {image}_{other}"
    return reasons


def _undefined(seen: pd.DataFrame) -> dict[str, str]:
    missing = (~np.isfinite(seen)).sum()
    return {str(name): f"not defined in {count} of {len(seen)} training patients"
            for name, count in missing.items() if count}  # fmt: skip


def _noise(seen: pd.DataFrame) -> dict[str, str]:
    """All features of an image from a linear filter that is rounding noise in any patient."""
    spans = seen[[name for name in seen if str(name).endswith("_firstorder_Range")]]
    widest = spans.max(axis=1)
    reasons: dict[str, str] = {}
    for image, names in _by_image(seen.columns).items():
        if f"{image}_firstorder_Range" in spans and re.search(r"(^|[^a-z])(wavelet|log)\d*-", image):
            faint = int(((spans[f"{image}_firstorder_Range"] < NOISE * widest) & (widest > 0)).sum())
            if faint:
                reason = f"rounding noise: spans less than {NOISE:g} of the widest image's intensities in {faint} of "
                reasons |= dict.fromkeys(names, f"{reason}{len(seen)} training patients")
    return reasons


def _conventions(seen: pd.DataFrame) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for image, names in _by_image(seen.columns).items():
        indicator = next((f"{image}_{feature}" for feature in _ONE_LEVEL if f"{image}_{feature}" in seen), None)
        if indicator is None:
            continue
        flat = int((seen[indicator] >= 1 - SAME).sum())
        if flat:
            reason = f"0 / 0, set by convention, in {flat} of {len(seen)} training patients: one grey level"
            reasons |= {name: reason for name in names if _parts(name)[1] in _CONVENTIONS}
    return reasons


def _constant(seen: pd.DataFrame) -> dict[str, str]:
    """Constant relative to the largest value, or to the range of the image's intensities for intensities near 0."""
    values = np.sort(seen.to_numpy(), axis=0)
    size = np.abs(values[[0, -1]]).max(axis=0)
    spans = {str(name): seen[name].min() for name in seen if str(name).endswith("_firstorder_Range")}
    for at, name in enumerate(map(str, seen)):
        image, feature = _parts(name)
        if feature in _INTENSITIES:
            size[at] = max(size[at], spans.get(f"{image}_firstorder_Range", 0.0))
    constant = np.ptp(values, axis=0) <= SAME * size
    reasons = dict.fromkeys(seen.columns[constant], "the same in all training patients, except for rounding")
    if len(values) >= ENOUGH:
        nearly = np.minimum(np.ptp(values[1:], axis=0), np.ptp(values[:-1], axis=0)) <= SAME * size
        reasons |= dict.fromkeys(seen.columns[nearly & ~constant], "the same in all training patients but one")
    return reasons


def _repeated(seen: pd.DataFrame) -> dict[str, str]:
    """Features that equal an earlier one times a factor plus an offset."""
    if len(seen) < ENOUGH or seen.shape[1] < 2:
        return {}
    values = seen.to_numpy()
    centred = values - values.mean(axis=0)
    z = centred / np.sqrt((centred**2).mean(axis=0))
    alike = np.abs(z.T @ z) / len(z) > 1 - 1e-12
    reasons: dict[str, str] = {}
    for first, second in np.argwhere(np.triu(alike, 1)):
        a, b = str(seen.columns[first]), str(seen.columns[second])
        sign = 1 if z[:, first] @ z[:, second] > 0 else -1
        rounding = SAME * (1 + max(np.abs(values[:, k]).max() / np.abs(centred[:, k]).max() for k in (first, second)))
        if a not in reasons and np.abs(z[:, first] - sign * z[:, second]).max() < rounding:
            reasons.setdefault(b, f"{a} times a factor plus an offset, in all training patients")
    return reasons


def _by_image(names: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_parts(name)[0], []).append(name)
    return groups


def _parts(name: str) -> tuple[str, str]:
    """Image with its prefix, and class with feature; neither class nor feature contains an underscore."""
    image, *rest = name.rsplit("_", 2)
    return image, "_".join(rest)


class Guard(SelectorMixin, BaseEstimator):
    """`guard` as the first step of a pipeline; it uses the rows that the pipeline is fitted on.

    Every feature that it keeps is defined for all of these; if it is not defined for another patient, their median is
    used.

    Args:
        slices: `max` or `three`.
        slab: whether the filters were applied to the chosen slices alone.

    Attributes:
        reasons_: why a feature is excluded, by feature.
        median_: of the kept features, by feature.
        notes_: a note if no feature is left.
    """

    def __init__(self, slices: str, slab: bool = False) -> None:
        self.slices = slices
        self.slab = slab

    def fit(self, X: pd.DataFrame, y: object = None) -> "Guard":
        """Finds the features of `X`, (patients, features), to exclude."""
        self.n_features_in_, self.feature_names_in_ = X.shape[1], X.columns.to_numpy(dtype=object)
        self.reasons_ = guard(X, X.index, slices=self.slices, slab=self.slab)
        self.notes_ = [] if len(self.reasons_) < X.shape[1] else ["kept none: every feature is excluded"]
        self.median_ = X.drop(columns=list(self.reasons_)).median().to_dict()
        return self

    def _get_support_mask(self) -> np.ndarray:
        return np.array([name not in self.reasons_ for name in self.feature_names_in_])

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """The kept features, filled where they are not defined."""
        kept = X[list(self.median_)]
        return kept.fillna(self.median_) if np.isnan(kept.to_numpy(dtype=float)).any() else kept
