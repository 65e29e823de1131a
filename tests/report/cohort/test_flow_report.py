"""The flow of patients as a report folder."""

import re

import pandas as pd

from npc.report.cohort.flow import write_flow


def test_a_diagram_of_five_hospitals_shows_every_number(tmp_path):
    names = ["First Affiliated Hospital of X", "$y$", "hospital_3", "D", "E"]
    left_out = [(name, "no t2") for name in names[1:]] + [(names[1], "a reason that is too long for one line, surely")]
    kept = [(name, "test" if place else "train") for place, name in enumerate(names) for _ in range(100 + place)]
    counts = write_flow(
        tmp_path, pd.DataFrame(left_out, columns=["centre", "reason"]), pd.DataFrame(kept, columns=["centre", "split"])
    )
    drawn = (tmp_path / "figures" / "flow.svg").read_text()
    texts = re.findall(r"<text[^>]*>(.*?)</text>", drawn)
    for step in counts.steps:
        for n in step.patients:
            assert (f"n = {n}" if step.kind in ("all", "analysed") else str(n)) in texts or n == 0
    assert "$y$" in texts
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.*")) == [
        "figures/flow.png", "figures/flow.svg", "results.json", "tables/exclusions.csv",
    ]  # fmt: skip
