"""Checkpoints that are complete or absent, never partly written."""

import errno
import os
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a temporary file next to the target and renames it.

    Lightning writes through the machine's temporary folder; on another file system this is a copy, which a kill can
    leave incomplete, and the error of a full disk would name the wrong folder. The file is not flushed to the disk (no
    fsync): a checkpoint damaged by a power cut is detected by `is_whole` and costs its epochs, not the run.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | os.PathLike, storage_options: Any = None) -> None:
        """Writes the checkpoint; raises OSError if the disk is full."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        try:
            torch.save(checkpoint, part)
            part.replace(target)
        except RuntimeError as error:  # raised by torch's writer when it cannot write
            raise OSError(errno.ENOSPC, "No space left on device", str(target)) from error


def is_whole(path: Path) -> bool:
    """Whether the checkpoint exists and can be loaded."""
    try:
        torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception:  # with a damaged file torch.load raises errors of many types
        return False
    return True
