"""The binary label that a run predicts or is evaluated by, from event and time."""

import pandas as pd


def label(time: pd.Series, event: pd.Series, kind: str, months: float | None = None) -> pd.Series:
    """0, 1, or NA where the outcome is not known.

    Args:
        time: months to event or censoring.
        event: 0 or 1.
        kind: `landmark` is the event within `months` (up to and including), NA for patients censored before; any other
            kind is the event during follow-up.
        months: of the landmark.
    """
    if kind != "landmark":
        return event.astype("Int64")
    within = ((event == 1) & (time <= months)).astype("Int64")
    return within.mask((event == 0) & (time < months))
