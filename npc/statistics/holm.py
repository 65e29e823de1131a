"""Holm's correction for several tests, of which some may not be estimable."""

from collections.abc import Iterable

from statsmodels.stats.multitest import multipletests


def holm(tests: Iterable[object]) -> list[float | None]:
    """Corrected P values.

    Args:
        tests: each with its P value `p`, or without where it is not estimable; those do not count.

    Returns:
        In the same order; None for a test without P value.
    """
    p = [getattr(test, "p", None) for test in tests]
    known = [value for value in p if value is not None]
    corrected = iter(multipletests(known, method="holm")[1] if known else [])
    return [None if value is None else float(next(corrected)) for value in p]
