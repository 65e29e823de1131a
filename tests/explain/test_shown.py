"""Which patients' maps a report shows."""

from pathlib import Path

import pandas as pd

from npc.explain.shown import worth_a_map
from npc.prognosis.runs import finished_runs
from tests.prognosis.run_folders import population, predictions, write_run


def test_patients_of_the_held_out_cohort_who_have_every_sequence(tmp_path: Path):
    table = predictions(population())
    held_out = table[table["split"] == "test"].sort_values("risk")["patient_id"].tolist()
    path = write_run(tmp_path, table, variant="both-max", config="method: deep_learning")
    (run,) = finished_runs(tmp_path, "ours")[0]
    assert {held_out[0], held_out[1], held_out[-2], held_out[-1]} <= set(worth_a_map(run)) <= set(held_out)

    sizes = pd.DataFrame(
        [{"patient_id": of, "sequence": name} for of in table["patient_id"] for name in ("cet1", "t2")]
    )
    lacking = (sizes["patient_id"] == held_out[-1]) & (sizes["sequence"] == "t2")
    sizes[~lacking].to_csv(path / "outlines.csv", index=False)
    shown = worth_a_map(run)
    assert held_out[-1] not in shown
    assert shown[held_out[-3]].startswith("highest risk")
