"""How fast a network trains on this machine, by the choices that change its speed and, by rounding, its numbers."""

import time
from statistics import median

import torch
from omegaconf import OmegaConf
from torch import Tensor, nn

from npc.config.loading import compose
from npc.doctor.check import Check
from npc.signature.networks import SignatureNetwork

SIZE, BATCH = 64, 16  # pixels and patients: the defaults of a run
ROUNDS = 5
SLOW = 2.0  # times the defaults in the first round: such a choice is not measured again
WORTH = 1.1  # ratio from which a choice is recommended: below, its gain is within the noise
CHOICES: dict[str, list[str]] = {
    "as it is": [],
    "channels_last": ["network.channels_last=true"],
    "channels_last and bf16": ["network.channels_last=true", "trainer.precision=bf16-mixed"],
}


def training() -> Check:
    """The time of a training step of ResNet-50 by each of `CHOICES`, measured in turns; the median of some rounds."""
    steps = {name: _Step(words) for name, words in CHOICES.items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(ROUNDS + 1):
        for name, step in steps.items():
            if number and times[name][0] > SLOW * times["as it is"][0]:
                continue  # as bf16 on a processor without instructions for it: once is enough
            begun = time.perf_counter()
            step()
            times[name].append(time.perf_counter() - begun)
    middle = {name: median(of[1:] or of) for name, of in times.items()}  # without the first, which allocates
    found = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in middle.items())
    best = min(middle, key=lambda name: middle[name])
    gain = middle["as it is"] / middle[best]
    text = f"a step of {BATCH} patients at {SIZE} pixels: {found}"
    if gain < WORTH:
        return Check("speed", "ok", text, "the defaults are as fast as any")
    words = " ".join(CHOICES[best])
    return Check("speed", "note", text, f"{words} is {gain:.1f} times as fast; its runs have other keys and numbers")


class _Step:
    """A training step on random images.

    Args:
        words: choices of a run.
    """

    def __init__(self, words: list[str]) -> None:
        config = compose(words)
        torch.set_num_threads(config.trainer.threads)
        self.network = SignatureNetwork(OmegaConf.to_object(config.network), 1, 1).train()  # type: ignore[arg-type]
        self.optimizer = torch.optim.RMSprop(self.network.parameters(), lr=1e-3)
        self.is_bf16 = config.trainer.precision == "bf16-mixed"
        self.x = torch.rand(BATCH, 1, 1, SIZE, SIZE)
        self.label = torch.arange(BATCH).remainder(2).float()

    def __call__(self) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.is_bf16):
            output: Tensor = self.network(self.x)
        loss = nn.functional.binary_cross_entropy_with_logits(output.flatten().float(), self.label)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
