"""What ITK passes over in silence in a NIfTI file: voxels that are missing, and voxels that are no number.

Its reader fills the rest of a truncated volume with whatever is in memory, and puts 0 for NaN and infinity.
"""

import gzip
import math
import struct
from pathlib import Path

import numpy as np

_FLOATS = {16: "f4", 64: "f8"}  # data type codes of the format


def nonfinite_voxels(path: Path) -> np.ndarray:
    """Places of the NaN and infinite voxels in the flattened volume, x running fastest.

    Raises:
        EOFError: fewer bytes than the header announces, or a compressed stream without its end.
        OSError, zlib.error: the compressed stream is damaged.
        struct.error, ValueError, OverflowError: the header is.
    """
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        content = file.read()

    def field(at: int, kind: str) -> tuple[int, ...]:
        return struct.unpack_from(order + kind, content, at)

    order = "<"
    if field(0, "i")[0] not in (348, 540):
        order = ">"
    if field(0, "i")[0] == 540:  # NIfTI-2
        dim, (code, bits), (start,) = field(16, "8q"), field(12, "2h"), field(168, "q")
    else:
        dim, (code, bits), (start,) = field(40, "8h"), field(70, "2h"), field(108, "f")
    count, start = math.prod(dim[1 : dim[0] + 1]), int(start)
    if len(content) < start + count * bits // 8:
        raise EOFError
    if code not in _FLOATS:
        return np.array([], dtype=int)
    return np.flatnonzero(~np.isfinite(np.frombuffer(content, order + _FLOATS[code], count, start)))
