"""An encoder that needs no weights: Laws' texture energies and the distribution of the grey levels."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, max_pool2d

SCALES = (1, 2)  # pixels are averaged in squares of this side before the masks are applied
MOMENTS = 3  # mean, SD, third central moment
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
RECIPE = 2  # raise it when the same slice gives other features
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
        learned: whether training changes the masks.

    Attributes:
        features: their number.
        responses: of each scale, a module through which the maps of absolute responses pass, for Grad-CAM.
    """

    masks: Tensor
    quantiles: Tensor

    def __init__(self, model: str, learned: bool = False) -> None:
        super().__init__()
        vectors = torch.tensor(VECTORS[model], dtype=torch.float)
        masks = torch.einsum("ir,jc->ijrc", vectors, vectors).flatten(0, 1)[1:, None]
        masks /= masks.square().sum(dim=(2, 3), keepdim=True).sqrt()
        if learned:
            self.masks = nn.Parameter(masks)
        else:
            self.register_buffer("masks", masks)
        self.register_buffer("quantiles", torch.tensor(QUANTILES), persistent=False)
        self.responses = nn.ModuleList(nn.Identity() for _ in SCALES)
        self.features = len(SCALES) * len(masks) + MOMENTS + len(QUANTILES)

    def forward(self, x: Tensor) -> Tensor:
        """Slices (batch, 1, row, column) from 0 to 1, whose background is 0, to (batch, features)."""
        with torch.autocast(x.device.type, enabled=False):  # its rounding is larger than differences between patients
            energies = [self._energies(x, *of) for of in zip(SCALES, self.responses, strict=True)]
            return torch.cat([*energies, _statistics(x, self.quantiles)], dim=1)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draws masks at random, of norm 1 and without a response to a constant image."""
        masks = nn.init.normal_(self.masks)
        masks -= masks.mean(dim=(2, 3), keepdim=True)
        masks /= masks.square().sum(dim=(2, 3), keepdim=True).sqrt()

    def _energies(self, x: Tensor, scale: int, responses: nn.Module) -> Tensor:
        share = avg_pool2d((x > 0).float(), scale)
        tumour = (share > 0.5).float()
        grey = avg_pool2d(x, scale) / share.clamp(min=1e-6) * tumour
        side = self.masks.shape[-1]
        inner = 1 - max_pool2d(1 - tumour, side, stride=1, padding=side // 2)
        inner = torch.where(inner.sum(dim=(2, 3), keepdim=True) < FEWEST, tumour, inner)
        response = responses(conv2d(grey, self.masks, padding=side // 2).abs())
        total = (response.flatten(2) @ inner.flatten(2).mT)[..., 0]  # `response * inner` would be a copy of all maps
        return (total / inner.sum(dim=(2, 3)).clamp(min=1)).clamp(min=LEAST).log()


def _statistics(x: Tensor, quantiles: Tensor) -> Tensor:
    """Mean, SD, third central moment and quantiles of each tumour's pixels; 0 if augmentation has moved it away.

    No shape depends on the image, so that a network of these features can be exported.
    """
    tumour = x > 0
    count = tumour.sum(dim=(1, 2, 3))
    pixels = count.clamp(min=1)
    mean = x.sum(dim=(1, 2, 3)) / pixels
    deviation = (x - mean[:, None, None, None]) * tumour
    sd, third = deviation.square().sum(dim=(1, 2, 3)) / pixels, deviation.pow(3).sum(dim=(1, 2, 3)) / pixels
    ordered = torch.where(tumour, x, torch.finfo(x.dtype).max).flatten(1).sort(dim=1).values  # the background last
    place = (pixels - 1)[:, None] * quantiles
    below, above = (ordered.gather(1, side.long()) for side in (place.floor(), place.ceil()))
    levels = torch.where(count[:, None] > 0, below.lerp(above, place.frac()), 0)
    return torch.cat([torch.stack([mean, sd.sqrt(), third], dim=1), levels], dim=1)
