"""All slices of a tumour (`slices=all`): one backbone encodes each, and their features are pooled for the patient."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class PooledSlices(nn.Module):
    """A backbone that takes each slice by itself, and the weighted mean of its features over a patient's slices.

    A slice without a pixel of the tumour, such as those that fill up the rows of the store, is not encoded and has no
    weight. The order of the slices does not matter.

    Args:
        encoder: backbone of one channel.
        pool: `attention` learns the weights; `mean` gives each slice the same; `area`, in proportion to its
            outlined area.
    """

    def __init__(self, encoder: Any, pool: str) -> None:
        super().__init__()
        self.encoder = encoder
        self.features: int = encoder.features
        self.attention = GatedAttention(self.features) if pool == "attention" else None
        self.by_area = pool == "area"

    @property
    def stages(self) -> Mapping[str, list[nn.Module]]:
        """Of the backbone."""
        return self.encoder.stages

    def forward(self, x: Tensor) -> Tensor:
        """(batch, slice, row, column) to (batch, features)."""
        features, area = self.encode(x)
        return (self.weights(features, area)[..., None] * features).sum(dim=1)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features (batch, slice, features), 0 without tumour, and the number of its pixels, (batch, slice)."""
        area = x.flatten(2).count_nonzero(dim=2)
        outlined = area > 0
        encoded = self.encoder(x[outlined][:, None])
        features = encoded.new_zeros(*outlined.shape, self.features)
        features[outlined] = encoded
        return features, area

    def weights(self, features: Tensor, area: Tensor) -> Tensor:
        """Weight of each slice, (batch, slice); those of a patient sum to 1."""
        if self.by_area:
            return area / area.sum(dim=1, keepdim=True).clamp(min=1)
        score = self.attention(features) if self.attention else torch.zeros_like(features[..., 0])
        # the lowest number, not minus infinity: no NaN where augmentation has moved the whole tumour out of the image
        return score.masked_fill(area == 0, torch.finfo(score.dtype).min).softmax(dim=1)


class GatedAttention(nn.Module):
    """Attention with a gate: w (tanh(V h) * sigmoid(U h)) (Ilse et al., ICML 2018, equation 9).

    Args:
        features: length of h.
        hidden: rows of V and of U.
    """

    def __init__(self, features: int, hidden: int = 64) -> None:
        super().__init__()
        self.content, self.gate = nn.Linear(features, hidden), nn.Linear(features, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, slice, features) to the score of each slice, (batch, slice)."""
        return self.score(torch.tanh(self.content(features)) * torch.sigmoid(self.gate(features)))[..., 0]
