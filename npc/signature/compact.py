"""A residual network of 77 thousand weights that keeps the grain of a tumour of 20 to 60 pixels."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from npc.signature.small import Block, norm

WIDTHS = (16, 32, 64)


class Compact(nn.Module):
    """As `Small`, with three stages, the first at full resolution, and features that are means over the tumour alone.

    A mean over the whole image would be that of the background, and would change with the size of the tumour: the
    network would learn the size first and, from few patients, nothing else.

    Args:
        channels: of its input, whose background is 0.
    """

    features = WIDTHS[-1]

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, WIDTHS[0], 3, 1, 1, bias=False), norm(WIDTHS[0]), nn.ReLU())
        self.layer1 = Block(WIDTHS[0], WIDTHS[0], stride=1)
        self.layer2 = Block(WIDTHS[0], WIDTHS[1], stride=2)
        self.layer3 = Block(WIDTHS[1], WIDTHS[2], stride=2)

    @property
    def stages(self) -> Mapping[str, list[nn.Module]]:
        """The modules with weights, from the first stage to the last."""
        return {name: [module] for name, module in self.named_children()}

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channel, row, column) to (batch, features); 0 where augmentation has moved all of the tumour away."""
        maps = self.layer3(self.layer2(self.layer1(self.stem(x))))
        tumour = adaptive_avg_pool2d((x > 0).any(dim=1, keepdim=True).to(maps.dtype), maps.shape[-2:])
        return (maps * tumour).sum(dim=(2, 3)) / tumour.sum(dim=(2, 3)).clamp(min=1e-3)
