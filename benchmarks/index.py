"""Time to index 750 finished run folders, as after a sweep; comparison: pandas reading only their predictions."""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs

VARIANTS = [f"{sequence}-{slices}" for sequence in ("cet1", "t2", "both") for slices in ("max", "three")]
CONFIG = (Path(__file__).parents[1] / "conf" / "train.yaml").read_text()


def write(root: Path, runs: int, rng: np.random.Generator) -> None:
    event = rng.integers(0, 2, 233)
    split = ["train"] * 169 + ["validation"] * 19 + ["test"] * 45
    patients = pd.DataFrame({"patient_id": [f"P{i:03d}" for i in range(233)], "split": split, "label": event,
                             "time": rng.uniform(1, 99, 233), "event": event})  # fmt: skip
    for i in range(runs):
        path = root / "sweep" / VARIANTS[i % 6] / f"{i:012x}"
        path.mkdir(parents=True)
        patients.assign(risk=rng.random(233)).to_csv(path / "predictions.csv", index=False)
        (path / "config.yaml").write_text(CONFIG)
        (path / "DONE").touch()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), 750, np.random.default_rng(0))
        ours, peer = [], []
        for _ in range(3):
            start = time.perf_counter()
            runs, _ = finished_runs(Path(folder), "sweep")
            choose(runs)
            middle = time.perf_counter()
            for path in Path(folder).glob("sweep/*/*/predictions.csv"):
                pd.read_csv(path)
            ours.append(middle - start)
            peer.append(time.perf_counter() - middle)
        print(f"750 runs indexed in {statistics.median(ours):.2f} s; pd.read_csv alone {statistics.median(peer):.2f} s")


if __name__ == "__main__":
    main()
