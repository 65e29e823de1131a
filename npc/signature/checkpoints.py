"""Checkpoints that are whole or not there."""

import errno
import os
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO


class WholeCheckpoints(TorchCheckpointIO):
    """Writes beside the target and renames.

    Lightning's own way goes through the machine's temporary folder; on another file system that is a copy, which a kill
    can cut short, and a full disk would be told of the wrong folder. Nothing waits for the disk here: a checkpoint that
    a power cut damages is found out (`is_whole`) and costs its epochs, not the run.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | os.PathLike, storage_options: Any = None) -> None:
        """Raises OSError where there is no space."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        try:
            torch.save(checkpoint, part)
            part.replace(target)
        except RuntimeError as error:  # how torch's writer tells that it cannot write
            raise OSError(errno.ENOSPC, "No space left on device", str(target)) from error


def is_whole(path: Path) -> bool:
    """Whether a checkpoint is there and loads."""
    try:
        torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception:  # what a damaged file makes torch.load raise has no common type
        return False
    return True
