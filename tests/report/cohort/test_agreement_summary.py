"""Readers' agreement: what is counted, and the keys of its results.json."""

import pandas as pd

from npc.radiomics.reproducibility import COLUMNS
from npc.report.cohort.agreement_results import as_json
from npc.report.cohort.agreement_summary import MEASURES, summarise

ICC = {
    f"{kind}{end}": value for kind in ("icc21", "icc31") for end, value in (("", 0.8), ("_low", 0.1), ("_high", 1.0))
}


def test_features_are_counted_by_the_threshold_and_the_others_have_their_reason():
    overlap = pd.DataFrame({"sequence": "t2", "comparison": "inter", "same_slice": [True, False, True]})
    overlap = overlap.assign(**{measure: [1.0, 2.0, 6.0] for measure in MEASURES})
    rows = [
        {"feature": "A", "above": True, **ICC},
        {"feature": "B", "above": False, **ICC},
        {"feature": "C", "not_estimable": "why"},
    ]
    icc = pd.DataFrame([dict.fromkeys(COLUMNS) | {"sequence": "t2", "comparison": "inter"} | row for row in rows])
    found = summarise("ours", "max", 0.75, overlap, icc)
    written = as_json(found)["sequences"]["t2"]["inter"]
    assert list(written) == ["patients", *MEASURES, "same_slice", "icc", "features", "above", "share_above", "below",
                             "not_estimable"]  # fmt: skip
    assert (written["patients"], written["same_slice"], written["features"], written["above"]) == (3, 2, 2, 1)
    assert written["share_above"] == 0.5
    assert (written["below"], written["not_estimable"]) == (["B"], {"C": "why"})
    assert written["dice"] == {"median": 2.0, "q1": 1.5, "q3": 4.0, "min": 1.0, "max": 6.0}
    assert written["icc"]["A"]["icc21"] == {"value": 0.8, "low": 0.1, "high": 1.0}


def test_without_an_estimable_feature_there_is_no_share():
    overlap = pd.DataFrame(
        {"sequence": ["t2"], "comparison": "intra", "same_slice": True, **dict.fromkeys(MEASURES, 1.0)}
    )
    icc = pd.DataFrame([dict.fromkeys(COLUMNS) | {"sequence": "t2", "comparison": "intra", "not_estimable": "why"}])
    assert summarise("ours", "max", 0.75, overlap, icc).sequences["t2"]["intra"].share_above is None
