"""ComBat across scanners as a step of a pipeline."""

from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from npc.statistics import NotEstimable
from npc.statistics.combat import Combat, combat


class Harmonise(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Adjusts the features of several scanners to a common mean and variance.

    The outcome is not used. The features of a patient are not changed if the fit had no patient of the same scanner, or
    only one.

    Args:
        scanner: of each patient, by `patient_id`.

    Attributes:
        combat_: fitted; None if there is nothing to adjust.
        notes_: why there is nothing to adjust.
    """

    def __init__(self, scanner: pd.Series) -> None:
        self.scanner = scanner

    def fit(self, X: pd.DataFrame, y: object = None) -> "Harmonise":
        """Fits to the patients of `X` (patients, features), whose index are the patient ids."""
        self.n_features_in_, self.feature_names_in_ = X.shape[1], X.columns.to_numpy(dtype=object)
        self.combat_: Combat | None = None
        self.notes_: list[str] = []
        try:
            self.combat_ = combat(X, self.scanner.loc[X.index])
        except NotEstimable as reason:
            self.notes_.append(f"features are not adjusted for the scanner: {reason}")
        return self

    def state(self, features: list[str]) -> dict[str, Any]:
        """The parameters of the adjustment of some features, as plain values, for a checkpoint."""
        if self.combat_ is None:
            return {}
        at = [list(self.feature_names_in_).index(name) for name in features]
        of = {"shift": self.combat_.shift, "spread": self.combat_.spread}
        return {
            "mean": self.combat_.mean[at].tolist(),
            "scale": self.combat_.scale[at].tolist(),
            **{name: {batch: values[at].tolist() for batch, values in found.items()} for name, found in of.items()},
        }

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """The adjusted features."""
        check_is_fitted(self)
        if self.combat_ is None:
            return X
        return pd.DataFrame(self.combat_.adjust(X, self.scanner.loc[X.index]), X.index, X.columns)
