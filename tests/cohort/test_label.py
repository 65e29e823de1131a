"""Labels at a landmark know what censoring hides."""

import pandas as pd

from npc.cohort.label import label

TIME = pd.Series([10.0, 36.0, 40.0, 10.0, 36.0, 40.0], index=list("abcdef"))
EVENT = pd.Series([1, 1, 1, 0, 0, 0], index=list("abcdef"))


def test_the_landmark_label_is_the_event_within_the_months():
    found = label(TIME, EVENT, "landmark", 36)
    assert found.to_dict() | {"d": None} == {"a": 1, "b": 1, "c": 0, "d": None, "e": 0, "f": 0}
    assert found.isna().to_dict() == dict(zip("abcdef", [False] * 3 + [True] + [False] * 2, strict=True))


def test_the_label_of_every_other_kind_is_the_event():
    for kind in ("binary", "cox", "hazard"):
        assert label(TIME, EVENT, kind).tolist() == EVENT.tolist()
