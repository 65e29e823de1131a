"""Pure functions on arrays: nothing here knows of cohorts, runs or files.

A risk is higher for worse, and no function turns it round. What the data do not allow raises `NotEstimable` with the
reason; input that cannot be (wrong shapes, NaN) raises ValueError.
"""


class NotEstimable(Exception):  # noqa: N818 - the name says what the report prints
    """The data do not allow the figure: one class only, no event, one group; the message says which."""
