"""Holm's correction for several tests, of which some may not be estimable."""

from collections.abc import Iterable

import numpy as np


def holm(tests: Iterable[object]) -> list[float | None]:
    """Corrected P values (Holm, Scandinavian Journal of Statistics 1979), as of R's `p.adjust`.

    Not by statsmodels' `multipletests`, which collects garbage in each call: half a second of it in a report.

    Args:
        tests: each with its P value `p`, or without where it is not estimable; those do not count.

    Returns:
        In the same order; None for a test without P value.
    """
    p = [getattr(test, "p", None) for test in tests]
    known = np.array([value for value in p if value is not None], dtype=float)
    order = np.argsort(known, kind="stable")
    stepwise = np.arange(len(known), 0, -1) * known[order]
    corrected = np.empty_like(known)
    corrected[order] = np.minimum(np.maximum.accumulate(stepwise), 1)
    values = iter(corrected.tolist())
    return [None if value is None else next(values) for value in p]
