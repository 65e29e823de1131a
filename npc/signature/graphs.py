"""The passes of a network as CUDA graphs (`trainer.graph`).

A step of few images launches a thousand kernels of microseconds, and the GPU waits for the processor that launches
them; a graph launches them all at once. The kernels are the same, and so are their numbers: on an H200 the risks after
three epochs were equal to the last bit (benchmarks/gpu.py).
"""

from typing import Any

import torch
from torch import Tensor, nn

from npc.signature.sizes import Sized


class Graphed:
    """Calls a network in training; forward and backward pass are captured at the first batch of each shape.

    Args:
        network: whose operations depend on the shape of the batch alone, on a CUDA device, in training mode.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.captured: dict[tuple[int, ...], Any] = {}

    def __call__(self, x: Tensor | Sized) -> Tensor:
        """The output of the network."""
        shape = tuple((x.images if isinstance(x, Sized) else x).shape)
        if shape not in self.captured:
            self.captured[shape] = self._capture(x)
        return self.captured[shape](x)

    def _capture(self, x: Any) -> Any:
        """Forward and backward pass of a shape; batch norm's averages stay as they are."""
        averages = {name: buffer.clone() for name, buffer in self.network.named_buffers()}
        with torch.autocast(
            "cuda", torch.get_autocast_dtype("cuda"), torch.is_autocast_enabled("cuda"), cache_enabled=False
        ):  # cached casts of weights would not be in the graph
            passes = torch.cuda.make_graphed_callables(_Passes(self.network), (x,))
        with torch.no_grad():
            for name, buffer in self.network.named_buffers():
                buffer.copy_(averages[name])
        return passes


class _Passes(nn.Module):
    """A module of its own for each shape: PyTorch replaces the forward method of what it captures."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor | Sized) -> Tensor:
        return self.network(x)
