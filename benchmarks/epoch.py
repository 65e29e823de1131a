"""Time of an epoch by npc (Lightning, callbacks, checkpoints) against a plain PyTorch loop over the same batches.

Both train ResNet-50 on 169 inputs of the phantom's size, recompute batch norm's averages and predict 19 validation
patients. The two alternate, so that other load on the machine affects both.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.optim.swa_utils import update_bn

from npc.config.checks import check
from npc.config.loading import compose
from npc.imaging.store import Slices
from npc.run.folder import RunFolder
from npc.signature.endpoints import Outcome
from npc.signature.fit import fit
from npc.signature.module import SignatureModule

EPOCHS, ROUNDS = 3, 3
config = compose(["augment=none", f"trainer.max_epochs={EPOCHS}", "trainer.accelerator=cpu"])
check(config)
rng = np.random.default_rng(0)
names = [f"p{i:03d}" for i in range(188)]
array = rng.integers(0, 256, (188, 3, 64, 64), dtype=np.uint8)
slices = [Slices(array, {name: i for i, name in enumerate(names)}, "")]
patients = pd.DataFrame(
    {"split": ["train"] * 169 + ["validation"] * 19, "label": rng.integers(0, 2, 188)},
    index=pd.Index(names, name="patient_id"),
).assign(time=1.0, event=0)


def npc_epochs() -> float:
    with tempfile.TemporaryDirectory() as folder:
        start_of = []

        class Clock(SignatureModule):
            def on_train_epoch_start(self) -> None:
                start_of.append(time.perf_counter())

        import npc.signature.fit as module

        module.SignatureModule = Clock
        fit(config, RunFolder(Path(folder)), slices, patients, logger=False)
    return statistics.median(np.diff(start_of))


def bare_epochs() -> float:
    torch.manual_seed(0)
    binary = {"_target_": "npc.signature.endpoints.Binary"}
    model = SignatureModule(dict(config.network), dict(config.optimizer), binary, 1, 1)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=config.optimizer.lr, alpha=0.9, eps=1e-7)
    x = torch.from_numpy(array[:, None, 1:2]).float() / 255
    y = torch.tensor(patients["label"].to_numpy(), dtype=torch.float32)
    times = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        model.train()
        for batch in torch.randperm(169).split(16):
            optimizer.zero_grad()
            model.loss(model.network(x[batch]), Outcome(y[batch], y[batch], y[batch])).backward()
            optimizer.step()
        update_bn(((x[i : i + 32],) for i in range(0, 169, 32)), model)
        model.eval()
        with torch.no_grad():
            model.network(x[169:])
        times.append(time.perf_counter() - start)
    return statistics.median(times[:-1])


torch.set_num_threads(config.trainer.threads)
ratios = []
for _ in range(ROUNDS):
    ours, bare = npc_epochs(), bare_epochs()
    ratios.append(ours / bare)
    print(f"npc {ours:.2f} s, bare loop {bare:.2f} s, ratio {ratios[-1]:.3f}")
print(f"median ratio {statistics.median(ratios):.3f}")
