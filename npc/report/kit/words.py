"""Numbers as tables and figures print them; what is not estimable says so."""

from collections.abc import Sequence

import numpy as np

from npc.names import NOT_ESTIMABLE
from npc.prognosis.discrimination import AucResult
from npc.prognosis.survival import HazardRatio
from npc.statistics import NotEstimable
from npc.statistics.estimate import Estimate

LARGEST = 1000  # of an estimate or limit; beyond it the data set no bound


def number(value: float | NotEstimable | None, digits: int = 3) -> str:
    """`0.769`; with an exponent from a million on."""
    if value is None or isinstance(value, NotEstimable):
        return NOT_ESTIMABLE
    return f"{value:.{digits}f}" if abs(value) < 1e6 else f"{value:.{digits}e}"


def p_value(p: float | None) -> str:
    """Three decimals as the journal prints them; `<0.001` and `>0.999`, since no P value is 0 or 1."""
    if p is None:
        return NOT_ESTIMABLE
    return "<0.001" if p < 0.0005 else ">0.999" if p >= 0.9995 else f"{p:.3f}"


def p_in_text(p: float | None) -> str:
    """`P = 0.012`, `P < 0.001`; for sentences."""
    if p is None:
        return f"P {NOT_ESTIMABLE}"
    printed = p_value(p)
    sign = printed[0] if printed[0] in "<>" else "="
    return f"P {sign} {printed.lstrip('<>')}"


def share(count: int, n: int) -> str:
    """`98 (58.0%)`: a decimal only where there are more than 100 patients, of whom one is less than a percent."""
    return f"{count} ({100 * count / n:.{int(n > 100)}f}%)" if count else "0"


def p_of(test: object) -> str:
    """The P value of a test that may not be estimable."""
    return p_value(getattr(test, "p", None))


def with_interval(estimate: float | None, ci: Sequence[float] | None, digits: int = 3) -> str:
    """`0.769 (0.694–0.843)`; with `to` where a limit may be negative or is beyond what the data can tell, `>1000`."""
    if estimate is None or ci is None:
        return NOT_ESTIMABLE
    middle, low, high = (_bounded(value, digits) for value in (estimate, *ci))
    return f"{middle} ({low}{'–' if ci[0] >= 0 and low[0].isdigit() and high[0] in '∞0123456789' else ' to '}{high})"


def _bounded(value: float, digits: int) -> str:
    if not np.isfinite(value):
        return "∞"
    return f"{value:.{digits}f}" if abs(value) <= LARGEST else f"{'>' if value > 0 else '<-'}{LARGEST}"


def hazard_ratio(found: HazardRatio | NotEstimable) -> str:
    """`2.41 (1.20–4.83)`."""
    return NOT_ESTIMABLE if isinstance(found, NotEstimable) else with_interval(found.estimate, found.ci, 2)


def auc(found: AucResult, kind: str) -> str:
    """`0.769 (0.694–0.843)`, with the interval that is asked for: `delong`, `logit` or `bootstrap`."""
    if isinstance(found.estimate, NotEstimable):
        return NOT_ESTIMABLE
    limits = found.intervals[kind]
    if isinstance(limits, NotEstimable):
        return f"{found.estimate:.3f} ({NOT_ESTIMABLE})"
    return f"{found.estimate:.3f} ({'–'.join(f'{limit:.3f}' for limit in limits)})"


def estimate(found: Estimate | NotEstimable, digits: int = 3) -> str:
    """`0.652 (0.619–0.684)`, or `not estimable: ` and the reason."""
    if isinstance(found, NotEstimable):
        return f"{NOT_ESTIMABLE}: {found}"
    if isinstance(found.ci, NotEstimable):
        return f"{found.estimate:.{digits}f} (interval {NOT_ESTIMABLE}: {found.ci})"
    return with_interval(found.estimate, found.ci, digits)
