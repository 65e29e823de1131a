"""A network of eight learned filters: its features are their mean absolute responses and the tumour's grey levels."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from npc.frozen.texture import TextureEnergies


class Filters(nn.Module):
    """Texture energies whose masks are learned, and statistics of the grey levels, standardised.

    A layer of energies takes the place of deeper convolutions (Andrearczyk and Whelan, Pattern Recognition Letters 84,
    2016). The masks begin as those of Laws, which respond to texture before anything is learned, so that a few hundred
    patients suffice.

    Args:
        channels: of its input, whose background is 0; each has features of its own, by the same filters, and those of
            a channel without tumour are 0.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.energies = TextureEnergies("laws3", learned=True)
        self.standard = Standardised(self.energies.features)
        self.features = channels * self.energies.features

    @property
    def stages(self) -> Mapping[str, list[nn.Module]]:
        """The filters, then the maps of their responses in full resolution, of which Grad-CAM is made."""
        return {"stem": [self.energies, self.energies.responses[0]]}

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channel, row, column) to (batch, features)."""
        planes = x.flatten(0, 1)[:, None]
        return self.standard(self.energies(planes), planes.flatten(1).any(dim=1)).reshape(x.shape[0], self.features)


class Standardised(nn.Module):
    """Features with mean 0 and SD 1 over the training cohort before the first update (`callbacks.FitStandards`).

    Unlike batch norm it is the same in training and in prediction, whatever the batch.

    Args:
        features: their number.
    """

    mean: Tensor
    sd: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("sd", torch.ones(features))

    def fit(self, x: Tensor) -> None:
        """Takes mean and SD from slices with tumour, (slices, features); what does not vary keeps its scale."""
        sd, mean = torch.std_mean(x.double(), dim=0, correction=0)
        rounding = (1e-6 * x.abs().amax(dim=0)).clamp(min=1e-9)
        self.load_state_dict({"mean": mean, "sd": sd.where(sd > rounding, 1)})

    def forward(self, x: Tensor, outlined: Tensor) -> Tensor:
        """(slices, features), standardised; 0 where a slice is not outlined, (slices,)."""
        return ((x - self.mean) / self.sd).where(outlined[:, None], 0)
