"""`evaluate.py` on six variants of the default phantom, as a user starts it; comparison: its imports only."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from npc.cohort.split import split
from npc.phantom import source as phantom

ROOT = Path(__file__).parents[1]
VARIANTS = [f"{sequence}-{slices}" for sequence in ("cet1", "t2", "both") for slices in ("max", "three")]


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        phantom.write(home / "cohort", matrix=16, readers=0)
        table = pd.read_csv(home / "cohort" / "patients.csv", index_col="patient_id")
        rng = np.random.default_rng(0)
        for number, variant in enumerate(VARIANTS):
            path = home / "runs" / "phantom" / variant / f"{number:012x}"
            path.mkdir(parents=True)
            score = table["dm_event"] + rng.normal(size=len(table))
            drawn = split(table, "dm_event", by="by_centre", seed=0, validation=0.1, development="hospital_1")
            columns = {"split": drawn, "label": table["dm_event"], "time": table["dmfs_months"],
                       "event": table["dm_event"], "risk": 1 / (1 + np.exp(-score))}  # fmt: skip
            pd.DataFrame(columns).rename_axis("patient_id").to_csv(path / "predictions.csv")
            (path / "config.yaml").write_text("")
            (path / "DONE").touch()
        command = [sys.executable, "evaluate.py", "cohort=table", "cohort.name=phantom", "prognosis.significance=0.3"]
        command += [f"cohort.root={home / 'cohort'}", f"runs={home / 'runs'}", f"reports={home / 'reports'}"]
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - start
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import npc.report.paper.evaluate"], cwd=ROOT, check=True)
        print(f"report of six variants: {whole:.1f} s, of which imports {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
