"""Faults of a NIfTI file that ITK ignores silently, or refuses without a reason.

ITK's reader fills the rest of a truncated volume with arbitrary values, replaces NaN and infinity by 0, and voxel sizes
of 0 by 1 mm.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from npc.errors import InputError

# Data type codes of the format
_FLOATS = {16: "f4", 64: "f8"}
_COLOURS = (128, 2304)
_COMPLEX = (32, 1792, 2048)
_KNOWN = {2, 4, 8, 256, 512, 768, 1024, 1280, *_FLOATS, *_COLOURS}


def nonfinite_voxels(path: Path) -> np.ndarray:
    """Indices of the NaN and infinite voxels in the flattened volume, x varying fastest.

    Raises:
        InputError: the file is not a NIfTI file, is damaged, or holds fewer voxels than its header states.
        struct.error, ValueError, OverflowError: the header is truncated, or has impossible values.
    """
    content = _content(path)

    def field(at: int, kind: str) -> tuple[int, ...]:
        return struct.unpack_from(order + kind, content, at)

    order = "<"
    if field(0, "i")[0] not in (348, 540):
        order = ">"
    version = field(0, "i")[0]
    if version not in (348, 540):
        raise InputError(f"{path} is not a NIfTI file, despite its name; copy or export it again.")
    if version == 540:  # NIfTI-2
        dim, (code, bits), (start,), steps = field(16, "8q"), field(12, "2h"), field(168, "q"), field(112, "3d")
    else:
        dim, (code, bits), (start,), steps = field(40, "8h"), field(70, "2h"), field(108, "f"), field(80, "3f")
    dim, start = dim[1 : dim[0] + 1], int(start)
    size = " x ".join(map(str, dim))
    if min(dim, default=0) < 1:
        raise InputError(f"{path} has a size of {size} voxels in its header; export it again.")
    count = math.prod(dim)
    if len(content) < start + count * bits // 8:
        raise InputError(f"{path} is truncated: its header states {size} voxels; copy or export it again.")
    if code in _COMPLEX:
        raise InputError(f"{path} holds complex numbers; give the magnitude image.")
    if code not in _KNOWN:
        raise InputError(f"{path} holds voxels of an unknown type (code {code}); save them as int16 or float32.")
    if not all(0 < abs(step) < math.inf for step in steps[: len(dim)]):
        raise InputError(f"{path} has an invalid voxel size (0 mm or not finite) in its header; export it again.")
    if code not in _FLOATS:
        return np.array([], dtype=int)
    return np.flatnonzero(~np.isfinite(np.frombuffer(content, order + _FLOATS[code], count, start)))


def _content(path: Path) -> bytes:
    """The bytes of a file, decompressed if necessary."""
    content = path.read_bytes()
    if not content:
        raise InputError(f"{path} is empty (0 bytes); copy it again.")
    if path.suffix.lower() != ".gz":
        return content
    if not content.startswith(b"\x1f\x8b"):
        raise InputError(f"{path} is not compressed, though its name ends in .gz; rename it or copy it again.")
    try:
        return gzip.decompress(content)
    except EOFError as error:
        raise InputError(f"{path} is truncated: its compressed data are incomplete; copy it again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"{path} is damaged: its compressed data do not match their checksum; copy it again."
        ) from error
