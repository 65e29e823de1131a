"""The variants of a table: their order and words, and the paper's figure where it prints one."""

from npc.names import SPLITS, series_labels
from npc.prognosis.runs import finished_runs
from npc.prognosis.variants import variants
from npc.published import load
from npc.report.paper.table3 import table
from tests.prognosis.run_folders import population, predictions, write_run


def test_all_slices_stand_after_the_papers_variants(tmp_path):
    for variant in ("cet1-all", "cet1-max", "cet1-three"):
        write_run(tmp_path, predictions(population()), variant=variant)
    runs, _ = finished_runs(tmp_path, "ours")
    rows = table(
        variants(runs, ["cet1", "t2"], load(), draws=100, seed=0), SPLITS, "delong", series_labels(["cet1", "t2"], {})
    )
    assert rows["Slices"].tolist() == ["Max slice", "Multiple slices", "All slices"]
    assert set(rows["Image series"]) == {"CET1-w"}
    printed = rows.set_index("Slices")["Test [paper]"].str.extract(r"\[(.*)\]")[0]
    assert printed["All slices"] == "–"
    assert printed["Max slice"] != "–"
