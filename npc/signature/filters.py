"""A network of eight learned filters, whose mean responses over the tumour are its features."""

from collections.abc import Mapping

from torch import Tensor, nn

from npc.frozen.texture import TextureEnergies


class Filters(nn.Module):
    """Texture energies whose masks are learned, and statistics of the grey levels, each with mean 0 and SD 1.

    A layer of energies takes the place of deeper convolutions (Andrearczyk and Whelan, Pattern Recognition Letters 84,
    2016). The masks begin as those of Laws, which respond to texture before anything is learned, so that a few hundred
    patients suffice. Batch norm without weights standardises the features: their mean and SD are those of the batch in
    training, and running averages in prediction.

    Args:
        channels: of its input, whose background is 0; each has features of its own, by the same filters.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.energies = TextureEnergies("laws3", learned=True)
        self.features = channels * self.energies.features
        # the variance of a third moment is below 1e-6, to which the usual epsilon must not be added
        self.standard = nn.BatchNorm1d(self.features, eps=1e-12, affine=False)

    @property
    def stages(self) -> Mapping[str, list[nn.Module]]:
        """The filters, then the maps of their responses in full resolution, of which Grad-CAM is made."""
        return {"stem": [self.energies, self.energies.responses[0]]}

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channel, row, column) to (batch, features)."""
        return self.standard(self.energies(x.flatten(0, 1)[:, None]).reshape(len(x), self.features))
