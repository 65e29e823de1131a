"""Checkpoints that are whole or not there."""

import io
import os
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO


class WholeCheckpoints(TorchCheckpointIO):
    """Writes beside the target and renames.

    Lightning's own way goes through the machine's temporary folder; on another file system that is a copy, which a kill
    can cut short, and a full disk would be told of the wrong folder.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | os.PathLike, storage_options: Any = None) -> None:
        """Raises OSError where there is no space."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        content = io.BytesIO()
        torch.save(checkpoint, content)  # to a file, torch tells a full disk as a RuntimeError of its own
        try:
            with part.open("wb") as file:
                file.write(content.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except OSError as error:  # of a write it does not name the file
            raise OSError(error.errno, error.strerror, str(target)) from error


def is_whole(path: Path) -> bool:
    """Whether a checkpoint is there and loads."""
    try:
        torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception:  # what a damaged file makes torch.load raise has no common type
        return False
    return True
