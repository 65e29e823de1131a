"""The tables as LaTeX reads them."""

from pathlib import Path

import pandas as pd

from npc.report.kit.latex import write_latex
from npc.report.kit.page import Section
from npc.report.paper.reading import with_reading


def test_special_letters_are_escaped_and_each_table_may_run_over_pages(tmp_path: Path):
    table = pd.DataFrame({"n_stage": ["50% & <more>"], "P": ["$x^2$"]})
    write_latex(tmp_path / "tables.tex", [Section("One", (), {"AUC #1": table}, (), {"AUC #1": "95% limits."})])
    written = (tmp_path / "tables.tex").read_text()
    assert r"50\% \& \textless{}more\textgreater{} & \$x\textasciicircum{}2\$ \\" in written
    assert r"\caption{AUC \#1} \\" in written
    assert r"n\_stage & P \\" in written
    assert r"95\% limits." in written
    assert written.count(r"\begin{longtable}") == written.count(r"\end{longtable}") == 1


def test_a_table_without_rows_and_columns_is_left_out(tmp_path: Path):
    tables = {"Adjusted": pd.DataFrame([]), "Runs": pd.DataFrame({"P": ["0.040"]})}
    write_latex(tmp_path / "tables.tex", with_reading([Section("One", (), tables)]))
    written = (tmp_path / "tables.tex").read_text()
    assert r"\caption{Runs} \\" in written
    assert "The run key is a hash" in written
    assert "Adjusted" not in written
