"""The settings of the network's input; `npc.imaging.preprocess` makes it."""

from dataclasses import dataclass
from typing import Literal

from omegaconf import DictConfig


@dataclass(frozen=True)
class Preprocess:
    """Settings of the network's input.

    Attributes:
        size: pixels along a side of the input.
        crop: `none` keeps the whole slice (the paper); `roi` cuts a square around the outline; `window` cuts a square
            of the same physical size for all patients, centred on the outline.
        margin: around the outline on each side, as a fraction of its longer side (`crop=roi`).
        equalise: histogram equalisation over the tumour's pixels.
        slices: at most this many slices over the whole outline (`slices=all`); None: the largest and its neighbours.
        window: side of the square in mm (`crop=window`); None for another crop.
    """

    size: int
    crop: Literal["none", "roi", "window"] = "none"
    margin: float = 0.1
    equalise: bool = True
    slices: int | None = None
    window: float | None = None

    @property
    def planes(self) -> int:
        """Number of slices of an input."""
        return self.slices or 3


def preprocess_settings(config: DictConfig) -> Preprocess:
    """The settings of a composed config."""
    chosen = config.preprocess
    read = {"slices": config.slices == "all", "window": chosen.crop == "window"}
    return Preprocess(**{**chosen, **{name: chosen[name] if is_read else None for name, is_read in read.items()}})
