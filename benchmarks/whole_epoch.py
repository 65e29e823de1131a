"""A whole training epoch of npc against Lightning with MONAI's dictionary transforms over NIfTI files.

`python benchmarks/whole_epoch.py [--sizes 64 224 512] [--networks resnet50 small] [--rounds 5] [--seconds 480]`. Both
train the same network with the same augmentation on the same patients, validate, and write a checkpoint. The peer reads
the files with 0, 2 and 4 workers, or keeps what it has read (`CacheDataset`), with the memory settings that it finds;
the last peer is also given npc's (`npc.signature.processor`), channels_last, and bf16 where the processor has
instructions for it. Where it has none, so that a step in bf16 takes more than twice as long, neither side is measured
with it. All take turns; medians of the rounds, of which each network and size has as many as fit into
its share of the seconds, but one at least. Before the ratios the losses of one batch are compared.

npc computes batch norm's averages again over the training patients in each epoch, which peers do not; without
(`network.batch_norm.recalibrate=false`) it does what they do.
"""

import argparse
import ctypes
import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from monai.data import CacheDataset, DataLoader, Dataset, ThreadDataLoader
from pipelines import transforms, write
from torch import nn

import npc.signature.fit as fitting
from npc.config.checks import check
from npc.config.loading import compose
from npc.imaging.store import Slices
from npc.run.folder import RunFolder
from npc.signature.module import SignatureModule
from npc.signature.processor import keep_freed_memory

BATCH = {64: 16, 224: 8, 512: 2}  # patients, by pixels
# Training and validation patients by pixels: at 512 pixels a step of ResNet-50 takes seconds.
PATIENTS = {64: (64, 12), 224: (16, 4), 512: (4, 2)}
SLOW = 2.0  # times a step as it is
FAST = ["network.channels_last=true", "trainer.precision=bf16-mixed"]
TUNED = "CacheDataset, tuned"
BATCHED = ["network.channels_last=true", "augment.batched=true"]
ALIKE = [*BATCHED, "network.batch_norm.recalibrate=false"]
OURS = {
    "as it is": [],
    "channels_last, batched": BATCHED,
    "the same, no averages": ALIKE,
    "and bf16": [*ALIKE, FAST[1]],
}
TOLERANCE = 1e-5  # of the losses of one batch, relative


class Clock(SignatureModule):
    """npc's module, which notes when an epoch begins and when the training ends."""

    times: list[float]

    def on_train_epoch_start(self) -> None:
        """The epoch begins."""
        type(self).times.append(time.perf_counter())

    def on_train_end(self) -> None:
        """The last epoch is over, checkpoints are written."""
        type(self).times.append(time.perf_counter())


class Peer(pl.LightningModule):
    """The module that a user would write: network, loss, optimizer.

    Args:
        words: npc's choices of network and optimizer.
    """

    times: list[float]

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        self.model, self.config, self.loss = module(words), compose(words), nn.BCEWithLogitsLoss()

    def training_step(self, batch: dict, _: int) -> torch.Tensor:
        """The loss of a batch."""
        return self.loss(self.model.network(batch["image"][:, None]).flatten().float(), batch["label"].float())

    def validation_step(self, batch: dict, _: int) -> None:
        """Logs the validation loss."""
        self.log("val_loss", self.training_step(batch, 0), batch_size=len(batch["label"]))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """As npc's."""
        return torch.optim.RMSprop(self.model.parameters(), lr=self.config.optimizer.lr, alpha=0.9, eps=1e-7)

    on_train_epoch_start, on_train_end = Clock.on_train_epoch_start, Clock.on_train_end


def module(words: list[str]) -> SignatureModule:
    """A network of these choices with the weights of seed 0."""
    torch.manual_seed(0)
    config = compose(words)
    binary = {"_target_": "npc.signature.endpoints.Binary"}
    return SignatureModule(dict(config.network), dict(config.optimizer), binary, 1, 1)


def ours(words: list[str], slices: Slices, patients: pd.DataFrame) -> float:
    """Seconds of an epoch of npc, from its start to the end of the training, after no other."""
    Clock.times = []
    with tempfile.TemporaryDirectory() as folder:
        config = compose([*words, "trainer.max_epochs=1", "trainer.accelerator=cpu"])
        check(config)
        fitting.SignatureModule = Clock
        keep_freed_memory()
        fitting.fit(config, RunFolder(Path(folder)), [slices], patients, logger=False)
    return Clock.times[-1] - Clock.times[0]


def theirs(
    words: list[str], make: Callable[[list, bool], Iterable], files: list[dict], training: int, tuned: bool = False
) -> float:
    """Seconds of an epoch of the peer; the second where workers read ahead before the first begins."""
    (keep_freed_memory if tuned else give_freed_memory_back)()
    loaders = make(files[:training], True), make(files[training:], False)
    workers = getattr(loaders[0], "num_workers", 0)
    torch.set_num_threads(2)
    Peer.times = []
    model = Peer(words)
    with tempfile.TemporaryDirectory() as folder:
        pl.Trainer(
            max_epochs=2 if workers else 1, accelerator="cpu", precision=model.config.trainer.precision,
            default_root_dir=folder, logger=False, num_sanity_val_steps=0, enable_progress_bar=False,
            enable_model_summary=False,
        ).fit(model, *loaders)  # fmt: skip
    return Peer.times[-1] - Peer.times[-2]


def give_freed_memory_back() -> None:
    """What the C library does in a script that sets nothing.

    Its thresholds grow with the arrays that are freed, up to these; setting any of them ends that.
    """
    libc = ctypes.CDLL(None)
    libc.mallopt(-4, 65536)  # M_MMAP_MAX
    libc.mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD
    libc.mallopt(-1, 64 << 20)  # M_TRIM_THRESHOLD
    libc.malloc_trim(0)


def loader(steps: Callable[[bool], Callable], batch: int, workers: int | None) -> Callable[[list, bool], Iterable]:
    """Makes the peer's loader of some files; None workers: a cache and a thread."""

    def make(files: list[dict], is_training: bool) -> Iterable:
        if workers is None:
            kept = CacheDataset(files, steps(is_training), progress=False)
            return ThreadDataLoader(kept, num_workers=0, batch_size=batch, shuffle=is_training)
        of = Dataset(files, steps(is_training))
        return DataLoader(of, workers, batch_size=batch, shuffle=is_training, persistent_workers=bool(workers))

    return make


def parity(words: list[str], files: list[dict], array: np.ndarray, size: int) -> float:
    """Relative difference of the losses that both sides compute of the first patients, without augmentation."""
    label = torch.tensor([float(file["label"]) for file in files[:4]])
    read = next(iter(DataLoader(Dataset(files[:4], transforms(size, False)), 0, batch_size=4)))["image"]
    stored = torch.from_numpy(array[:4, None]).float() / 255
    losses = []
    for x in (read, stored):
        output = module(words).network(x[:, None]).flatten()
        losses.append(float(nn.functional.binary_cross_entropy_with_logits(output, label).detach()))
    return abs(losses[0] - losses[1]) / losses[1]


@cache
def bf16_ratio() -> float:
    """How many times as long as npc's default a step of two patients takes with `FAST`."""
    torch.set_num_threads(2)
    times = []
    for words in ([], FAST):
        network, x = module(words).network, torch.rand(2, 1, 1, 64, 64)
        for _ in range(2):  # the first allocates
            begun = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=words == FAST):
                output = network(x)
            output.float().sum().backward()
        times.append(time.perf_counter() - begun)
    return times[1] / times[0]


def main() -> None:
    """Prints a table for each network and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 224, 512], choices=PATIENTS)
    parser.add_argument("--networks", nargs="+", default=["resnet50", "small"])
    parser.add_argument("--rounds", type=int, default=5, help="of each network and size, at most")
    parser.add_argument("--seconds", type=float, default=480, help="for all of them together")
    choices = parser.parse_args()
    warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric|torch|monai")
    ends, blocks = time.perf_counter() + choices.seconds, len(choices.sizes) * len(choices.networks)
    print(
        "Training and validation patients: 64 + 12 at 64 pixels, 16 + 4 at 224, 4 + 2 at 512. Ratios: of the pipeline "
        "to npc as it is; with channels_last and "
        "augment.batched; the same without batch norm's averages, which is what the peers do; and in bf16.\n"
    )
    if slow := bf16_ratio() > SLOW:
        print(f"A step in bf16 takes {bf16_ratio():.0f} times as long on this processor and is left out.\n")
    print("| network, pixels | pipeline | s an epoch (rounds) | / as it is | / batched | / alike | / bf16 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for size in choices.sizes:
        training, validation = PATIENTS[size]
        with tempfile.TemporaryDirectory() as folder:
            files, array = write(Path(folder), training + validation, size)
            files = [{**file, "label": number % 2} for number, file in enumerate(files)]
            names = [str(number) for number in range(len(files))]
            slices = Slices(array[:, None].repeat(3, axis=1), {name: row for row, name in enumerate(names)}, "")
            split = ["train"] * training + ["validation"] * validation
            patients = pd.DataFrame({"split": split, "label": [file["label"] for file in files]}, index=names)
            patients = patients.assign(time=1.0, event=0).rename_axis("patient_id")
            for network in choices.networks:
                words = [f"network={network}", f"batch_size={BATCH[size]}", f"preprocess.size={size}"]
                if (apart := parity(words, files, array, size)) > TOLERANCE:
                    raise SystemExit(f"whole_epoch.py: the losses of both sides differ by {apart:.1e}")
                prepared = partial(transforms, size)
                readers = {f"reading, {workers} workers": loader(prepared, BATCH[size], workers) for workers in (0, 2)}
                if size == min(PATIENTS):
                    readers["reading, 4 workers"] = loader(prepared, BATCH[size], 4)
                cached = loader(prepared, BATCH[size], None)
                mine = {name: of for name, of in OURS.items() if FAST[1] not in of or not slow}
                calls = {name: partial(ours, [*words, *of], slices, patients) for name, of in mine.items()}
                calls |= {name: partial(theirs, words, make, files, training) for name, make in readers.items()}
                calls["CacheDataset"] = partial(theirs, words, cached, files, training)
                fast = FAST[:1] if slow else FAST
                calls[TUNED] = partial(theirs, [*words, *fast], cached, files, training, tuned=True)
                share = (ends - time.perf_counter()) / blocks
                report(f"{network}, {size}", calls, choices.rounds, share)
                blocks -= 1


def report(place: str, calls: dict[str, Callable[[], float]], rounds: int, share: float) -> None:
    """Measures all pipelines in turns and prints a row of each.

    Args:
        place: the beginning of the rows.
        calls: pipelines by name; each measures an epoch once.
        rounds: at most.
        share: seconds, after which no further round begins.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    begun = time.perf_counter()
    for number in range(rounds):
        for name, call in calls.items():
            times[name].append(call())
        if (time.perf_counter() - begun) * (number + 2) / (number + 1) > share:
            break
    for name, of in times.items():
        by = [
            f"{statistics.median(other / own for other, own in zip(of, times[ours], strict=True)):.2f}"
            if ours in times
            else "-"
            for ours in OURS
        ]
        shown = " | ".join(by)
        called = f"npc, {name}" if name in OURS else name
        print(f"| {place} | {called} | {statistics.median(of):.2f} ({len(of)}) | {shown} |", flush=True)


if __name__ == "__main__":
    main()
