"""The common part of the selection steps and the signature: the check of their input, and notes on the fit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data
from threadpoolctl import ThreadpoolController

from npc.errors import InputError
from npc.statistics import NotEstimable

SHOWN = 10  # names in a message
BLAS = ThreadpoolController()  # matrices are small: one thread is faster, and callers have processes


class Fitted(BaseEstimator):
    """An estimator that takes features in the order of their names, so that ties do not depend on the table's order.

    The features of an array are taken in the order of its columns.

    Attributes:
        notes_: where the fit deviated from its method.
    """

    notes_: list[str]
    n_features_in_: int

    def _read(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values, labels, and the columns of the features that vary, in the order of their names."""
        values = self._values(X, reset=True)
        label = np.asarray(y)
        if label.shape != (len(values),) or not np.isin(label, (0, 1)).all():
            raise InputError("the label of the signature must be 0 or 1, one for each patient")
        if len(np.unique(label)) < 2:
            raise NotEstimable("all patients are of one class")
        names = getattr(self, "feature_names_in_", None)
        order = np.arange(values.shape[1]) if names is None else np.argsort(names, kind="stable")
        return values, label.astype(int), order[np.ptp(values[:, order], axis=0) > 0]

    def _values(self, X: Any, reset: bool, needed: np.ndarray | None = None) -> np.ndarray:
        """Values of all features; only those that are needed are checked.

        Raises:
            InputError: names the features that are not numbers, or not finite.
        """
        validate_data(self, X, reset=reset, skip_check_array=True)
        if isinstance(X, pd.DataFrame):
            if strange := [str(name) for name, of in X.dtypes.items() if not pd.api.types.is_numeric_dtype(of)]:
                raise InputError(f"radiomic features: no numbers in {listed(strange)}; remove these columns")
            values = X.to_numpy(dtype=float, na_value=np.nan)
        else:
            values = np.asarray(X, dtype=float)
        gaps = ~np.isfinite(values)
        if needed is not None:
            gaps = gaps & needed
        if gaps.any():
            raise InputError(
                f"radiomic features: not finite in {gaps.any(axis=1).sum()} of {len(values)} patients: "
                f"{listed(self._names(np.flatnonzero(gaps.any(axis=0))))}; leave out these features or these patients "
                "(radiomics.missing=exclude)"
            )
        return values

    def _names(self, columns: Sequence[int] | np.ndarray) -> list[str]:
        names = getattr(self, "feature_names_in_", None)
        return [f"x{column}" if names is None else str(names[column]) for column in columns]

    def _note_left_out(self, left_out: dict[int, str], columns: np.ndarray) -> None:
        for why in sorted(set(left_out.values())):
            names = self._names(columns[[term for term in left_out if left_out[term] == why]])
            self.notes_.append(f"left out, {why}: {listed(names)}")

    def _note_few(self, label: np.ndarray, features: int) -> None:
        if (rarer := int(np.bincount(label).min())) <= features:
            most = f"a model may have {rarer - 1} terms at most"
            self.notes_.append(f"{features} features but only {rarer} patients of the rarer class: {most}")


def listed(names: Sequence[str]) -> str:
    """The first names, and the number of the others."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
