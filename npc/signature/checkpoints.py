"""Checkpoints that are written completely or not at all."""

import errno
import os
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO


class WholeCheckpoints(TorchCheckpointIO):
    """Writes to a file next to the target, then renames it.

    Lightning itself writes to the machine's temporary folder; from another file system the file is copied, which a kill
    can interrupt, and the message about a full disk would name the wrong folder. The file is not synchronised with the
    disk: a checkpoint that a power failure damages is detected (`is_whole`) and costs its epochs, not the run.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | os.PathLike, storage_options: Any = None) -> None:
        """Writes the checkpoint; raises OSError if the disk is full."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        try:
            torch.save(checkpoint, part)
            part.replace(target)
        except RuntimeError as error:  # torch's error when it cannot write
            raise OSError(errno.ENOSPC, "No space left on device", str(target)) from error


def is_whole(path: Path) -> bool:
    """Whether a checkpoint exists and loads."""
    try:
        torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception:  # with a damaged file torch.load raises errors of many types
        return False
    return True
