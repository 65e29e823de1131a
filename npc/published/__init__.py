"""Published figures of a study, read from YAML; those of the paper that this project rebuilds come with the package."""

from npc.published.read import PAPER, load
from npc.published.study import Published

__all__ = ["PAPER", "Published", "load"]
