"""An encoder that needs no weights: Laws' texture energies and the distribution of the grey levels."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, max_pool2d

SCALES = (1, 2)  # pixels are averaged in squares of this side before the masks are applied
MOMENTS = 3  # mean, SD, third central moment
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
LEAST = 1e-4  # of an energy, so that a tumour of one grey level has a logarithm; 8-bit levels differ by 4e-3
FEWEST = 5  # pixels whose surroundings lie in the tumour; with fewer, all of its pixels count

# Level, edge and spot (Laws, "Textured image segmentation", 1980; IBSI 2, section 3.5).
VECTORS = {"laws3": ((1, 2, 1), (-1, 0, 1), (-1, 2, -1)), "laws5": (
    (1, 4, 6, 4, 1), (-1, -2, 0, 2, 1), (-1, 0, 2, 0, -1), (-1, 2, 0, -2, 1), (1, -4, 6, -4, 1),
)}  # fmt: skip


class TextureEnergies(nn.Module):
    """Logarithms of the mean absolute response to each of Laws' masks, at each scale; statistics of the grey levels.

    The means are those over the tumour: over the pixels whose neighbours under the mask lie in it, too, so that the
    outline is no edge. The mask that only blurs is left out. The statistics are mean, SD, third central moment and
    quantiles.

    Args:
        model: `laws3` or `laws5`, the length of the vectors whose products are the masks.
        learned: whether the masks are weights, which a training changes.

    Attributes:
        features: their number.
    """

    masks: Tensor

    def __init__(self, model: str, learned: bool = False) -> None:
        super().__init__()
        vectors = torch.tensor(VECTORS[model], dtype=torch.float)
        masks = torch.einsum("ir,jc->ijrc", vectors, vectors).flatten(0, 1)[1:, None]
        masks /= masks.square().sum(dim=(2, 3), keepdim=True).sqrt()
        if learned:
            self.masks = nn.Parameter(masks)
        else:
            self.register_buffer("masks", masks)
        self.features = len(SCALES) * len(masks) + MOMENTS + len(QUANTILES)

    def forward(self, x: Tensor) -> Tensor:
        """Slices (batch, 1, row, column) from 0 to 1, whose background is 0, to (batch, features)."""
        energies = [self._energies(x, scale) for scale in SCALES]
        return torch.cat([*energies, torch.stack([_statistics(plane[plane > 0]) for plane in x])], dim=1)

    def _energies(self, x: Tensor, scale: int) -> Tensor:
        share = avg_pool2d((x > 0).float(), scale)
        tumour = (share > 0.5).float()
        grey = avg_pool2d(x, scale) / share.clamp(min=1e-6) * tumour
        side = self.masks.shape[-1]
        inner = 1 - max_pool2d(1 - tumour, side, stride=1, padding=side // 2)
        inner = torch.where(inner.sum(dim=(2, 3), keepdim=True) < FEWEST, tumour, inner)
        response = conv2d(grey, self.masks, padding=side // 2).abs() * inner
        return (response.sum(dim=(2, 3)) / inner.sum(dim=(2, 3)).clamp(min=1)).clamp(min=LEAST).log()


def _statistics(grey: Tensor) -> Tensor:
    if not len(grey):  # augmentation has moved all of the tumour away
        return grey.new_zeros(MOMENTS + len(QUANTILES))
    mean = grey.mean()
    deviation = grey - mean
    moments = torch.stack([mean, deviation.square().mean().sqrt(), deviation.pow(3).mean()])
    return torch.cat([moments, torch.quantile(grey, grey.new_tensor(QUANTILES))])
