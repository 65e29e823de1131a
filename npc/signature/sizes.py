"""The physical size of the outline as an input beside the images (`network.size_input`).

An image that is cut around the outline (`preprocess=roi_crop`) no longer shows how large the tumour is.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from npc.errors import InputError


class Sized(NamedTuple):
    """What the network reads of a batch: the images, and the sizes of their outlines.

    Attributes:
        images: (batch, sequence, channel, row, column).
        sizes: logarithms of volume and area, (batch, sequence, 2).
    """

    images: Tensor
    sizes: Tensor

    def to(self, device: torch.device) -> "Sized":
        """The same on a device."""
        return Sized(self.images.to(device), self.sizes.to(device))


class StandardisedSizes(nn.Module):
    """Log volume and log area of each sequence's outline with mean 0 and SD 1 over the training patients.

    Mean and SD belong to the state of the network, so that its checkpoint holds them.

    Args:
        sequences: their number.
        weight: factor of the standardised values.
    """

    mean: Tensor
    sd: Tensor
    values = 2  # of each sequence

    def __init__(self, sequences: int, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight
        self.register_buffer("mean", torch.zeros(sequences, self.values))
        self.register_buffer("sd", torch.ones(sequences, self.values))

    def fit(self, sizes: Tensor) -> None:
        """Takes mean and SD from the training patients.

        Args:
            sizes: (patient, sequence, 2).

        Raises:
            InputError: all outlines of a sequence have the same volume or the same area.
        """
        sd, mean = torch.std_mean(sizes.double(), dim=0, correction=0)
        if (sd < 1e-6).any():
            raise InputError(
                "network.size_input=true: the outlines of all training patients have the same volume or the same area, "
                "so that their size says nothing; set network.size_input=false"
            )
        self.load_state_dict({"mean": mean, "sd": sd})

    def forward(self, sizes: Tensor) -> Tensor:
        """(batch, sequence, 2), standardised and weighted."""
        return (sizes - self.mean) / self.sd * self.weight
