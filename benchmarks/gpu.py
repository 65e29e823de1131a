"""Training on one GPU, all in one go (some 5 minutes): `python benchmarks/gpu.py [--size 512] [--updates 20]`.

Images a second of ResNet-50 by batch size and channels: eager, torch.compile, npc's captured passes (`trainer.graph`),
and the whole step captured as a CUDA graph, in float32 and bf16; epochs of npc by its choices beside a bare loop, and
how far their risks are apart; several processes at once; copy bandwidth and matrix product of the same GPU. Before each
ratio the losses of the captured and of the eager steps are compared.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from epoch import VALIDATION, Clock

import npc.signature.fit as fitting
from npc.config.checks import check
from npc.config.loading import compose
from npc.imaging.store import Slices
from npc.run.folder import RunFolder
from npc.signature.endpoints import Outcome
from npc.signature.graphs import Graphed
from npc.signature.module import SignatureModule

DECAY, TOLERANCE = 1e-4, 0.05  # of the losses after some steps, relative: sums of atomics differ from call to call
TRAINING, EPOCHS = 169, 7
BF16 = ["trainer.precision=bf16-mixed", "network.channels_last=true"]
CHOICES: dict[str, list[str]] = {
    "auto": ["trainer.accelerator=gpu"],
    "auto, 4 workers": ["trainer.accelerator=gpu", "trainer.workers=4"],
    "trainer=gpu": ["trainer=gpu"],
    "trainer=gpu, bf16, channels_last": ["trainer=gpu", *BF16],
}


class Step:
    """An update whose data, rate and counter are tensors of the device, so that it can be captured.

    Args:
        batch, channels, size: of the images.
        device: cuda or cpu.
        bf16: whether to compute in bfloat16 where autocast does so.
    """

    def __init__(self, batch: int, channels: int, size: int, device: str, bf16: bool = False, *words: str) -> None:
        torch.manual_seed(0)
        config = compose(["network.channels_last=true", *words])
        binary = {"_target_": "npc.signature.endpoints.Binary"}
        self.model = SignatureModule(dict(config.network), dict(config.optimizer), binary, 1, channels).to(device)
        self.device, self.bf16 = device, bf16
        self.rate = torch.tensor(1e-4, device=device)
        self.updates = torch.zeros((), device=device)
        self.optimizer = torch.optim.RMSprop(
            self.model.parameters(), lr=self.rate, alpha=0.9, eps=1e-7, capturable=device == "cuda"
        )
        self.slices = torch.randint(0, 256, (batch, 1, channels, size, size), dtype=torch.uint8, device=device)
        self.label = torch.arange(batch, device=device).remainder(2).float()
        self.loss = torch.zeros((), device=device)
        self.network: Callable = self.model.network

    def __call__(self) -> None:
        """No synchronisation: the loss stays on the device."""
        self.rate.copy_(1e-4 / (1 + DECAY * self.updates))
        self.updates += 1
        self.optimizer.zero_grad(set_to_none=False)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            output = self.network(self.slices.float() / 255)
        loss = self.model.loss(output.float(), Outcome(self.label, self.label, self.label))
        loss.backward()
        self.optimizer.step()
        self.loss.copy_(loss.detach())


def captured(step: Step) -> Callable[[], None]:
    """The step as a CUDA graph; it runs three times before, as PyTorch's documentation asks."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def rate(call: Callable[[], object], images: int, updates: int) -> float:
    """Images a second; the first calls are not counted."""
    for _ in range(3):
        call()
    torch.cuda.synchronize()
    begun = time.perf_counter()
    for _ in range(updates):
        call()
    torch.cuda.synchronize()
    return images * updates / (time.perf_counter() - begun)


def parity(batch: int, channels: int, size: int, bf16: bool) -> float:
    """Relative difference of the losses of an eager and a captured step after the same updates."""
    eager, graph = (Step(batch, channels, size, "cuda", bf16) for _ in range(2))
    graph.slices.copy_(eager.slices)
    replay = captured(graph)  # three updates; capturing does none
    for _ in range(3):
        eager()
    for _ in range(2):
        eager()
        replay()
    return abs(float(eager.loss - graph.loss)) / abs(float(eager.loss))


def roofline() -> str:
    """Copy bandwidth and matrix product."""
    one = torch.empty(2**28, device="cuda")
    copies = rate(lambda: one.clone(), 1, 20) * 2 * one.numel() * 4 / 1e12
    square = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    products = rate(lambda: square @ square, 1, 20) * 2 * 8192**3 / 1e12
    return f"copy {copies:.2f} TB/s, matrix product in bf16 {products:.0f} TFLOP/s"


def together(processes: int, size: int, updates: int) -> float:
    """Images a second of several processes with captured steps of one image."""
    command = [sys.executable, __file__, "--one", "--size", str(size), "--updates", str(updates * 20)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return sum(float(process.communicate()[0].split()[-1]) for process in running)


def steps(size: int, updates: int) -> None:
    """Prints the table of steps."""
    print("| precision | slices | batch | eager | compiled | passes | whole step | / eager | difference of losses |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    cases = [(False, 1, 1), (False, 1, 16), *((True, 1, 2**power) for power in range(5)), (True, 3, 1), (True, 3, 16)]
    for bf16, channels, batch in cases:
        apart = parity(batch, channels, size, bf16)
        eager = Step(batch, channels, size, "cuda", bf16)
        found = {"eager": rate(eager, batch, updates), "compiled": float("nan")}
        if bf16 and channels == 1 and batch == 16:  # compiling takes most of a minute
            compiled = Step(batch, channels, size, "cuda", bf16)
            compiled.model.network.compile()
            found["compiled"] = rate(compiled, batch, updates)
        passes = Step(batch, channels, size, "cuda", bf16)
        passes.network = Graphed(passes.model.network)
        found["passes"] = rate(passes, batch, updates)
        found["graph"] = rate(captured(Step(batch, channels, size, "cuda", bf16)), batch, updates)
        shown = " | ".join(f"{value:.0f}" for value in found.values())
        ratio = f"{found['graph'] / found['eager']:.2f}" if apart <= TOLERANCE else "not comparable"
        name = "bf16" if bf16 else "float32"
        print(f"| {name} | {channels} | {batch} | {shown} | {ratio} | {apart:.1e} |", flush=True)


def trained(words: Sequence[str], array: np.ndarray) -> tuple[float, np.ndarray]:
    """Seconds of an epoch of npc (median without the first), and the risks of all patients."""
    names = [f"p{i:03d}" for i in range(len(array))]
    patients = pd.DataFrame(
        {
            "split": ["train"] * (len(array) - VALIDATION) + ["validation"] * VALIDATION,
            "label": np.arange(len(array)) % 2,
        },
        index=pd.Index(names, name="patient_id"),
    ).assign(time=1.0, event=0)
    config = compose([*words, f"trainer.max_epochs={EPOCHS}", "trainer.epoch=last"])
    check(config)
    Clock.times = []
    fitting.SignatureModule = Clock
    with tempfile.TemporaryDirectory() as folder:
        slices = [Slices(array, {name: row for row, name in enumerate(names)}, "")]
        made = fitting.fit(config, RunFolder(Path(folder)), slices, patients, logger=False)
    return statistics.median(np.diff(Clock.times)[1:]), made.predictions["risk"].to_numpy()


def bare(batch: int, size: int, bf16: bool) -> float:
    """Seconds of an epoch of eager steps over tensors on the device, without anything else that npc does."""
    step = Step(batch, 1, size, "cuda", bf16)
    return TRAINING / rate(step, batch, TRAINING // batch)


def epochs(size: int, batch: int, augmentations: Sequence[str]) -> None:
    """Prints the table of epochs; those of npc hold batch norm's recalibration, validation and checkpoints."""
    rng = np.random.default_rng(0)
    array = rng.integers(0, 256, (TRAINING + VALIDATION, 3, size, size), dtype=np.uint8)
    loops = f"{bare(batch, size, False):.2f} (float32), {bare(batch, size, True):.2f} (bf16)"
    print(f"\n{size} pixels, batch {batch}: steps of a bare loop {loops} s an epoch\n")
    print("| npc | augmentation | s an epoch | largest difference of a risk |")
    print("| --- | --- | --- | --- |")
    for augment in augmentations:
        first = None
        for name, words in CHOICES.items():
            given = [f"batch_size={batch}", f"preprocess.size={size}", f"augment={augment}", *words]
            seconds, risks = trained(given, array)
            first = risks if first is None else first
            print(f"| {name} | {augment} | {seconds:.2f} | {np.abs(risks - first).max():.1e} |", flush=True)


def main() -> None:
    """Prints the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512, help="pixels along a side")
    parser.add_argument("--updates", type=int, default=20, help="that are timed")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    choices = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("gpu.py: this machine has no GPU; run the benchmark on a machine with one")
    size, updates = choices.size, choices.updates
    if choices.one:
        print(rate(captured(Step(1, 1, size, "cuda", True)), 1, updates))
        return
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}: {roofline()}\n")
    epochs(64, 16, ["light"])
    epochs(size, 16, ["none", "light"])
    print(f"\nImages a second at {size} pixels by the kind of step:\n")
    steps(size, updates)
    print()
    for processes in (1, 4, 8, 12):
        print(
            f"{processes} processes, batch 1, bf16, graph: {together(processes, size, updates):.0f} images/s",
            flush=True,
        )


if __name__ == "__main__":
    main()
