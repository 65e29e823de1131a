"""Whether this machine has what npc needs: Python, packages, memory, disk, GPU, W&B, Slurm and data."""

from npc.doctor.check import Check
from npc.doctor.machine import disk, gpu, memory, processors
from npc.doctor.packages import packages, python, radiomics
from npc.doctor.services import public_data, slurm, tracker

__all__ = ["Check", "examine"]


def examine() -> list[Check]:
    """All checks, in the order in which they are shown."""
    return [
        python(),
        packages(),
        radiomics(),
        processors(),
        memory(),
        disk(),
        gpu(),
        tracker(),
        slurm(),
        public_data(),
    ]
