"""NIfTI files for tests with headers that SimpleITK does not write: NIfTI-2, sheared, with a qform of its own."""

import gzip
import struct
from pathlib import Path

import numpy as np

_CODES = {"uint8": (2, 8), "int16": (4, 16), "float32": (16, 32), "float64": (64, 64)}
# struct's format and the place of dim, type, pixdim, start, scale, forms, qform and sform
_PLACES = {
    1: ("8h 2h 8f f 2f 2h 6f 12f", (40, 70, 76, 108, 112, 252, 256, 280)),
    2: ("8q 2h 8d q 2d 2i 6d 12d", (16, 12, 104, 168, 176, 344, 352, 400)),
}


def write_nifti(
    file: Path,
    array: np.ndarray,
    affine: np.ndarray,
    *,
    version: int = 1,
    order: str = "<",
    forms: tuple[int, int] = (0, 1),
    qform: tuple[float, ...] = (0, 0, 0, 0, 0, 0),
    pixdim: tuple[float, ...] | None = None,
    more: tuple[int, ...] = (),
    compress: bool = False,
) -> Path:
    """Write a volume.

    Args:
        file: its name decides nothing.
        array: (slice, row, column).
        affine: from voxel indices (x, y, z) to mm (right, anterior, superior), (3, 4), as the sform.
        version: of the format.
        order: of bytes, `<` or `>`.
        forms: codes of qform and sform.
        qform: b, c, d of the quaternion and the offset.
        pixdim: sign of z and voxel sizes; None for those of the affine.
        more: sizes of further axes.
        compress: whether by gzip.
    """
    sizes = (*array.shape[::-1], *more)
    values = (
        (len(sizes), *sizes, *[1] * (7 - len(sizes))),
        _CODES[array.dtype.name],
        (*(pixdim or (1, *np.linalg.norm(affine[:, :3], axis=0))), 1, 1, 1, 1),
        (352 if version == 1 else 544,),
        (1, 0),
        forms,
        qform,
        affine.ravel(),
    )
    kinds, places = _PLACES[version]
    header = bytearray(values[3][0])
    struct.pack_into(f"{order}i", header, 0, 348 if version == 1 else 540)
    magic = (344, b"n+1\0") if version == 1 else (4, b"n+2\0\r\n\x1a\n")
    header[magic[0] : magic[0] + len(magic[1])] = magic[1]
    for kind, at, fields in zip(kinds.split(), places, values, strict=True):
        struct.pack_into(order + kind, header, at, *fields)
    content = bytes(header) + array.astype(array.dtype.newbyteorder(order)).tobytes()
    file.write_bytes(gzip.compress(content) if compress else content)
    return file
