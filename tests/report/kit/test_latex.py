"""The tables as LaTeX reads them."""

from pathlib import Path

import pandas as pd

from npc.report.kit.latex import write_latex
from npc.report.kit.page import Section


def test_special_letters_are_escaped_and_each_table_may_run_over_pages(tmp_path: Path):
    table = pd.DataFrame({"n_stage": ["50% & <more>"], "P": ["$x^2$"]})
    write_latex(tmp_path / "tables.tex", [Section("One", (), {"AUC #1": table}, (), {"AUC #1": "95% limits."})])
    written = (tmp_path / "tables.tex").read_text()
    assert r"50\% \& \textless{}more\textgreater{} & \$x\textasciicircum{}2\$ \\" in written
    assert r"\caption{AUC \#1} \\" in written
    assert r"n\_stage & P \\" in written
    assert r"95\% limits." in written
    assert written.count(r"\begin{longtable}") == written.count(r"\end{longtable}") == 1
