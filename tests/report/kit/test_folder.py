"""Report folders: figures of a result are numbers or words, never NaN."""

import json

import pandas as pd
import pytest

from npc.report.kit.folder import write_results, write_table


def test_results_come_back_as_they_were(tmp_path):
    write_results(tmp_path / "r", {"auc": 0.1 + 0.2, "text": "≥ 0.9"})
    assert json.loads((tmp_path / "r" / "results.json").read_text()) == {"auc": 0.1 + 0.2, "text": "≥ 0.9"}


def test_nan_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_results(tmp_path, {"auc": float("nan")})


def test_a_table_keeps_every_digit(tmp_path):
    write_table(tmp_path, "t", pd.DataFrame({"x": [0.1 + 0.2]}))
    assert (tmp_path / "tables" / "t.csv").read_text() == "x\n0.30000000000000004\n"
