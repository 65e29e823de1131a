"""The one door for input: arrays of the right shape without impossible values, or a ValueError that names the place."""

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable


def binary(values: ArrayLike, name: str = "label", unit: str = "patients") -> np.ndarray:
    """Truth values, (patients,).

    Args:
        values: 0 or 1.
        name: of the values in a message.
        unit: what the values are of.

    Raises:
        ValueError: another shape, or a value that is neither 0 nor 1.
    """
    given = np.asarray(values)
    if given.ndim != 1:
        raise ValueError(f"{name} must be of shape ({unit},)")
    if not (known := np.isin(given, (0, 1))).all():
        raise ValueError(f"{name} is neither 0 nor 1 at index {known.argmin()}")
    return given == 1


def labelled(
    label: ArrayLike, columns: ArrayLike, name: str = "x", unit: str = "terms"
) -> tuple[np.ndarray, np.ndarray]:
    """Labels as truth values, (patients,), and finite columns as floats, (patients, columns).

    Args:
        label: 0 or 1, (patients,).
        columns: (patients, columns); (patients,) is one column.
        name: of the columns in a message.
        unit: what the columns are.

    Raises:
        ValueError: other shapes, a label that is neither 0 nor 1, a value that is NaN or infinite.
    """
    y, x = np.asarray(label), np.asarray(columns, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if y.ndim != 1 or x.ndim != 2 or len(x) != len(y):
        raise ValueError(f"label must be of shape (patients,), {name} of shape (patients,) or (patients, {unit})")
    events = binary(y)
    if not (finite := np.isfinite(x)).all():
        row, column = np.argwhere(~finite)[0]
        place = f", {unit.removesuffix('s')} {column}" if x.shape[1] > 1 else ""
        raise ValueError(f"{name} is not finite at index {row}{place}")
    return events, x


def one_risk(label: ArrayLike, risk: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Labels as truth values and one risk of each patient, both (patients,).

    Raises:
        ValueError: as for `labelled`, or several risks.
    """
    y, x = labelled(label, risk, "risk", "risks")
    if x.shape[1] != 1:
        raise ValueError("risk must be of shape (patients,)")
    return y, x[:, 0]


def both_classes(events: np.ndarray, figure: str) -> None:
    """Refuses labels of one class.

    Args:
        events: truth values, (patients,).
        figure: what needs both classes, such as `an AUC`.

    Raises:
        NotEstimable: all patients have the event, or none.
    """
    if events.all() or not events.any():
        raise NotEstimable(f"{int(events.sum())} of {len(events)} patients have the event; {figure} needs both")


def follow_up(time: ArrayLike, event: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Times and events as floats, (subjects,).

    Args:
        time: to event or censoring, 0 or more.
        event: 1 for an event, 0 for censoring.

    Raises:
        ValueError: other shapes, NaN, negative times, events other than 0 and 1.
        NotEstimable: there are no subjects.
    """
    t, d = np.asarray(time, dtype=float), np.asarray(event, dtype=float)
    if t.ndim != 1 or t.shape != d.shape:
        raise ValueError("time and event must both be of shape (subjects,)")
    if not (possible := np.isfinite(t) & (t >= 0)).all():
        raise ValueError(f"time is not 0 or more at index {possible.argmin()}")
    events = binary(d, "event", "subjects")
    if not len(t):
        raise NotEstimable("there are no subjects")
    return t, events.astype(float)
