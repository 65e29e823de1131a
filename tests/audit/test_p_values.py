"""P values against R (../shared/reference/table2.json: chisq.test, kruskal.test, and G by its formula)."""

import json
from pathlib import Path

import numpy as np
import pytest

from npc.audit.candidates import p_values
from npc.audit.p_values import recompute
from npc.published import load
from npc.published.printed import p_value

R_NAMES = {"pearson": "pearson", "likelihood_ratio": "likelihood_ratio", "kruskal": "kruskal_wallis"}


def test_p_values_equal_those_of_r(npc_data: Path):
    reference = json.loads((npc_data.parent / "reference" / "table2.json").read_text())["rows"]
    rows = {row.variable: row for row in recompute(load())}
    assert rows.keys() - {"age"} == reference.keys()
    for variable, of_r in reference.items():
        for test, name in R_NAMES.items():
            assert rows[variable].p[name] == pytest.approx(of_r[test]["p"], abs=1e-10, rel=0)
        assert str(of_r["printed_p"]) in (rows[variable].printed.text, str(float(rows[variable].printed.number.value)))


def test_only_two_by_two_tables_have_fisher_and_continuity():
    two = np.array([[3, 1], [1, 3]])
    assert p_values(two).keys() - p_values(np.vstack([two, [2, 2]])).keys() == {"fisher", "continuity"}
    assert p_values(np.vstack([two, [0, 0]])) == p_values(two)


@pytest.mark.parametrize("counts", [[[3, 4]], [[0, 0], [3, 4]], [[3, 0], [4, 0]]])
def test_no_test_where_one_level_or_cohort_is_left(counts):
    assert p_values(np.array(counts)) == {}


@pytest.mark.parametrize(
    ("printed", "p", "fits"),
    [
        ("0.020", 0.0204, True),
        ("0.020", 0.0206, False),
        ("0.02", 0.0206, True),
        ("<0.001", 0.0009, True),
        ("<0.001", 0.001, False),
        (">0.05", 0.06, True),
    ],
)
def test_p_values_are_compared_to_the_printed_digits(printed, p, fits):
    assert p_value(printed).fits(p) is fits
