"""Time of an epoch by npc (Lightning, callbacks, checkpoints) against a plain PyTorch loop over the same batches.

`python benchmarks/epoch.py [--batches 1 2 4 8 16] [--patients 85] [--rounds 5]`. Both train ResNet-50 on inputs of the
phantom's size, recompute batch norm's averages and predict 19 validation patients. The two alternate, so that other
load on the machine affects both. Before, the losses of one batch are compared.
"""

import argparse
import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from omegaconf import DictConfig
from torch.optim.swa_utils import update_bn

import npc.signature.fit as fitting
from npc.config.checks import check
from npc.config.loading import compose
from npc.imaging.store import Slices
from npc.run.folder import RunFolder
from npc.signature.data import SliceDataset
from npc.signature.endpoints import Outcome
from npc.signature.module import SignatureModule
from npc.signature.processor import keep_freed_memory

VALIDATION = 19


class Clock(SignatureModule):
    """npc's module, which notes when each epoch begins."""

    times: list[float]

    def on_train_epoch_start(self) -> None:
        """The epoch begins."""
        Clock.times.append(time.perf_counter())


def npc_epoch(config: DictConfig, slices: list[Slices], patients: pd.DataFrame) -> float:
    """Seconds from the first epoch's beginning to the second's."""
    Clock.times = []
    fitting.SignatureModule = Clock
    with tempfile.TemporaryDirectory() as folder:
        fitting.fit(config, RunFolder(Path(folder)), slices, patients, logger=False)
    return Clock.times[1] - Clock.times[0]


def bare_model(config: DictConfig) -> SignatureModule:
    """The network of these choices."""
    torch.manual_seed(0)
    binary = {"_target_": "npc.signature.endpoints.Binary"}
    return SignatureModule(dict(config.network), dict(config.optimizer), binary, 1, 1)


def bare_epoch(config: DictConfig, x: torch.Tensor, y: torch.Tensor) -> float:
    """Seconds of an epoch of the loop; the validation patients are the last."""
    model, n = bare_model(config), len(x) - VALIDATION
    optimizer = torch.optim.RMSprop(model.parameters(), lr=config.optimizer.lr, alpha=0.9, eps=1e-7)
    begun = time.perf_counter()
    model.train()
    for batch in torch.randperm(n).split(config.batch_size):
        optimizer.zero_grad()
        model.loss(model.network(x[batch]), Outcome(y[batch], y[batch], y[batch])).backward()
        optimizer.step()
    update_bn(((x[i : i + 32],) for i in range(0, n, 32)), model)
    model.eval()
    with torch.no_grad():
        model.network(x[n:])
    return time.perf_counter() - begun


def main() -> None:
    """Prints a row for each size of the batches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--patients", type=int, default=85, help="training patients")
    parser.add_argument("--rounds", type=int, default=5)
    choices = parser.parse_args()
    keep_freed_memory()  # as `train.py` does, for both sides
    training, total = choices.patients, choices.patients + VALIDATION
    rng = np.random.default_rng(0)
    names = [f"p{i:03d}" for i in range(total)]
    array = rng.integers(0, 256, (total, 3, 64, 64), dtype=np.uint8)
    slices = [Slices(array, {name: i for i, name in enumerate(names)}, "")]
    patients = pd.DataFrame(
        {"split": ["train"] * training + ["validation"] * VALIDATION, "label": rng.integers(0, 2, total)},
        index=pd.Index(names, name="patient_id"),
    ).assign(time=1.0, event=0)
    x = torch.from_numpy(array[:, None, 1:2]).float() / 255
    y = torch.tensor(patients["label"].to_numpy(), dtype=torch.float32)
    print(f"ResNet-50, 64 pixels, {training} training and {VALIDATION} validation patients\n")
    print("| batch | npc, s an epoch | loop, s an epoch | npc / loop | lowest to highest |")
    print("| --- | --- | --- | --- | --- |")
    for batch in choices.batches:
        words = [f"batch_size={batch}", "augment=none", "trainer.max_epochs=2", "trainer.accelerator=cpu"]
        config = compose(words)
        check(config)
        torch.set_num_threads(config.trainer.threads)
        given, outcome = SliceDataset(slices, patients, 1, config.augment, 0).__getitems__(range(8))
        with torch.no_grad():
            outputs = (bare_model(config).network(of) for of in (given, x[:8]))
            ours, loop = (float(bare_model(config).loss(output, outcome)) for output in outputs)
        assert ours == loop, (ours, loop)
        bare_epoch(config, x, y)  # what is compiled or allocated at first use
        pairs = [(npc_epoch(config, slices, patients), bare_epoch(config, x, y)) for _ in range(choices.rounds)]
        ratios = [own / bare for own, bare in pairs]
        own, bare = (statistics.median(of) for of in zip(*pairs, strict=True))
        print(
            f"| {batch} | {own:.2f} | {bare:.2f} | {statistics.median(ratios):.3f} "
            f"| {min(ratios):.3f} to {max(ratios):.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
