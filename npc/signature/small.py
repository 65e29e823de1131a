"""A residual network of 0.3 million weights, for cohorts of a few hundred patients (ResNet-50 has 23.5 million)."""

from collections.abc import Mapping

from torch import Tensor, nn

WIDTHS = (16, 32, 64, 128)


class Small(nn.Module):
    """ResNet-10 at a quarter of its width: a basic block in each of four stages (He et al., CVPR 2016).

    It differs from ResNet-10 in two ways. The first convolution is 3 x 3 without max pooling, because a pool at the
    start removes the grain of a tumour that is 20 pixels wide. GroupNorm (Wu and He, ECCV 2018) replaces batch norm,
    whose statistics are noisy in batches of 16: the network is then the same in training and in prediction.

    Args:
        channels: of its input.
    """

    features = WIDTHS[-1]

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, WIDTHS[0], 3, 2, 1, bias=False), norm(WIDTHS[0]), nn.ReLU())
        self.layer1 = Block(WIDTHS[0], WIDTHS[0], stride=1)
        self.layer2 = Block(WIDTHS[0], WIDTHS[1], stride=2)
        self.layer3 = Block(WIDTHS[1], WIDTHS[2], stride=2)
        self.layer4 = Block(WIDTHS[2], WIDTHS[3], stride=2)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())

    @property
    def stages(self) -> Mapping[str, list[nn.Module]]:
        """The modules with weights, from the first stage to the last."""
        return {name: [module] for name, module in self.named_children() if name != "pool"}

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channel, row, column) to (batch, features)."""
        for part in self.children():
            x = part(x)
        return x


class Block(nn.Module):
    """Two convolutions and a shortcut, which is a convolution where the shape changes."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            norm(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            norm(after),
        )
        same = before == after and stride == 1
        self.shortcut = (
            nn.Identity() if same else nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), norm(after))
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, before, row, column) to (batch, after, row / stride, column / stride)."""
        return nn.functional.relu(self.convolutions(x) + self.shortcut(x))


def norm(width: int) -> nn.Module:
    """GroupNorm of eight groups."""
    return nn.GroupNorm(8, width)
