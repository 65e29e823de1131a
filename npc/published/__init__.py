"""Published figures of a study, read from YAML; the figures of the reproduced paper come with the package."""

from npc.published.read import PAPER, load
from npc.published.study import Published

__all__ = ["PAPER", "Published", "load"]
