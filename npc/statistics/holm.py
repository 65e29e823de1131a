"""P values of several comparisons, adjusted."""

import numpy as np
from numpy.typing import ArrayLike


def holm(p: ArrayLike) -> np.ndarray:
    """Holm's step-down adjustment (Scandinavian Journal of Statistics 1979), as R's `p.adjust(method = "holm")`.

    Args:
        p: of all comparisons of the family, (comparisons,); leave out what is not estimable.
    """
    values = np.asarray(p, dtype=float)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("p must lie between 0 and 1, of shape (comparisons,)")
    order = np.argsort(values)
    adjusted = np.empty(len(values))
    adjusted[order] = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)).clip(max=1)
    return adjusted
