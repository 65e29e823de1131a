"""NIfTI files: their header, its faults, and the same volume as ITK reads it.

ITK's reader fills the rest of a truncated volume with arbitrary values, replaces NaN and infinity by 0, and voxel sizes
of 0 by 1 mm. It refuses NIfTI-2, names with mixed capitals and an sform that is sheared by its rounding, and it does
not always use the sform where the qform or the voxel sizes differ from it.

Fields of both versions: nifti1.h and nifti2.h, https://nifti.nimh.nih.gov.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from npc.errors import InputError
from npc.imaging.grid import ROUNDING, apart, shear, straightened

# Data type codes of the format
_FLOATS = {16: "f4", 64: "f8"}
_COLOURS = (128, 2304)
_COMPLEX = (32, 1792, 2048)
_KNOWN = {2, 4, 8, 256, 512, 768, 1024, 1280, *_FLOATS, *_COLOURS}

# Place and type of each field that is read, by the header's length: NIfTI-1 and NIfTI-2.
_FIELDS = {
    348: {
        "dim": (40, "8h"), "intent": (68, "h"), "type": (70, "2h"), "pixdim": (76, "8f"), "start": (108, "f"),
        "scale": (112, "2f"), "units": (123, "B"), "forms": (252, "2h"), "qform": (256, "6f"), "sform": (280, "12f"),
        "magic": (344, "3s"),
    },
    540: {
        "dim": (16, "8q"), "intent": (504, "i"), "type": (12, "2h"), "pixdim": (104, "8d"), "start": (168, "q"),
        "scale": (176, "2d"), "units": (500, "i"), "forms": (344, "2i"), "qform": (352, "6d"), "sform": (400, "12d"),
        "magic": (4, "3s"),
    },
}  # fmt: skip
_START = 352  # of the voxels in a NIfTI-1 file without extensions
_LONGEST = 32767  # voxels along an axis of NIfTI-1


class Nifti:
    """A NIfTI file in memory.

    Args:
        path: its file, compressed or not, whatever its name ends in.

    Attributes:
        notes: how the grid was read where its header is ambiguous.

    Raises:
        InputError: the file is not a NIfTI file, is damaged, holds fewer voxels than its header states, or holds what
            is no image of grey values.
        struct.error, ValueError, OverflowError: the header is truncated, or has impossible values.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.notes = path, list[str]()
        self.content, self.is_compressed = _content(path)
        length, self.order = struct.unpack_from("<i", self.content)[0], "<"
        if length not in _FIELDS:
            length, self.order = struct.unpack_from(">i", self.content)[0], ">"
        if length not in _FIELDS:
            raise InputError(f"{path} is not a NIfTI file, despite its name; copy or export it again.")
        self.is_nifti2 = length == 540
        self.fields: dict[str, Any] = {
            name: struct.unpack_from(self.order + kind, self.content, at)
            for name, (at, kind) in _FIELDS[length].items()
        }
        dim = self.fields["dim"]
        self.size = dim[1 : dim[0] + 1]
        self.start = max(int(self.fields["start"][0]), length)  # ITK reads an offset of 0, too, as behind the header
        self.code, self.bits = self.fields["type"]
        self._check()

    def nonfinite_voxels(self) -> np.ndarray:
        """Indices of the NaN and infinite voxels in the flattened volume, x varying fastest."""
        if self.code not in _FLOATS:
            return np.array([], dtype=int)
        kind = self.order + _FLOATS[self.code]
        return np.flatnonzero(~np.isfinite(np.frombuffer(self.content, kind, math.prod(self.size), self.start)))

    def as_itk_reads(self, folder: Path) -> Path:
        """The file itself, or its decompressed copy, which ITK need not decompress again.

        Where ITK would refuse the file or lay it on another grid, the copy is NIfTI-1 with a header of its own: its
        grid is that of the sform, if there is one. An axis that is displaced by less than a tenth of a voxel is set
        right.

        Args:
            folder: for the copy.

        Raises:
            InputError: the sform is sheared by more.
        """
        endings = (".nii.gz", ".NII.GZ") if self.is_compressed else (".nii", ".NII", ".nii.gz", ".NII.GZ")
        is_readable = not self.is_nifti2 and self.path.name.endswith(endings)
        affine = self._sform()
        if affine is None and is_readable:
            return self._decompressed(folder)
        if affine is not None:
            given, affine = affine, self._mended(affine)
            if self._agrees(given) and given is affine and is_readable:
                return self._decompressed(folder)
        copy = folder / "volume.nii"
        copy.write_bytes(self._nifti1(affine) + self.content[self.start :])
        return copy

    def _decompressed(self, folder: Path) -> Path:
        if not self.is_compressed:
            return self.path
        copy = folder / "volume.nii"
        copy.write_bytes(self.content)
        return copy

    def _check(self) -> None:
        size = " x ".join(map(str, self.size))
        if self.fields["magic"][0] in (b"ni1", b"ni2"):
            raise InputError(f"{self.path} is a header whose voxels are in another file; save both as one file.")
        if min(self.size, default=0) < 1:
            raise InputError(f"{self.path} has a size of {size} voxels in its header; export it again.")
        if len(self.content) < self.start + math.prod(self.size) * self.bits // 8:
            raise InputError(f"{self.path} is truncated: its header states {size} voxels; copy or export it again.")
        if self.code in _COMPLEX:
            raise InputError(f"{self.path} holds complex numbers; give the magnitude image.")
        if self.code not in _KNOWN:
            raise InputError(
                f"{self.path} holds voxels of an unknown type (code {self.code}); save them as int16 or float32."
            )
        if not all(0 < abs(step) < math.inf for step in self.fields["pixdim"][1 : len(self.size[:3]) + 1]):
            raise InputError(
                f"{self.path} has an invalid voxel size (0 mm or not finite) in its header; export it again."
            )
        if self.is_nifti2 and max(self.size) > _LONGEST:
            raise InputError(
                f"{self.path} has {max(self.size)} voxels along an axis; crop the volume to at most {_LONGEST}."
            )

    def _sform(self) -> np.ndarray | None:
        """From voxel indices to mm, (3, 4); None where the header has none that can be used."""
        affine = np.reshape(self.fields["sform"], (3, 4)).astype(float)
        is_given = self.fields["magic"][0].startswith(b"n+") and self.fields["forms"][1] > 0  # else it is Analyze 7.5
        is_usable = is_given and len(self.size) >= 3 and np.isfinite(affine).all()
        return affine if is_usable and abs(np.linalg.det(affine[:, :3])) > 1e-9 else None

    def _qform(self) -> np.ndarray:
        """The same of the qform (nifti1.h, method 2)."""
        b, c, d, *offset = self.fields["qform"]
        a = math.sqrt(max(0.0, 1 - b * b - c * c - d * d))
        flip, *steps = self.fields["pixdim"][:4]
        from scipy.spatial.transform import Rotation  # takes half a second, and most files have an sform

        axes = Rotation.from_quat([b, c, d, a]).as_matrix() * np.abs(steps) * [1, 1, -1 if flip < 0 else 1]
        return np.column_stack([axes, offset])

    def _agrees(self, affine: np.ndarray) -> bool:
        """Whether qform and voxel sizes agree with the sform; if not, that is noted."""
        spacing, size = np.linalg.norm(affine[:, :3], axis=0), self.size[:3]
        steps = np.array(self.fields["pixdim"][1:4], dtype=float)
        scaled = np.column_stack([affine[:, :3] / spacing * steps, affine[:, 3]])
        if apart(affine, scaled, size) > ROUNDING:
            listed = (" x ".join(f"{step:.3g}" for step in sizes) for sizes in (steps, spacing))
            self.notes.append(
                "{} has voxels of {} mm by pixdim and of {} mm by its sform; the sform is used.".format(
                    self.path, *listed
                )
            )
        elif self.fields["forms"][0] > 0 and (distance := apart(affine, self._qform(), size)) > ROUNDING:
            self.notes.append(
                f"{self.path} has an sform and a qform up to {distance:.1f} voxels apart; the sform is used."
            )
        return not self.notes

    def _mended(self, affine: np.ndarray) -> np.ndarray:
        """The sform with its axes at right angles, if it is sheared by no more than the rounding of its numbers."""
        if (sheared := shear(affine[:, :3], self.size[:3])) > ROUNDING:
            qform = " (its qform is rectangular: set sform_code to 0 to use it)" if self.fields["forms"][0] > 0 else ""
            raise InputError(
                f"{self.path} has a sheared grid (by {sheared:.1f} voxels); resample it to a rectangular one{qform}."
            )
        return straightened(affine, self.size[:3])

    def _nifti1(self, affine: np.ndarray | None) -> bytes:
        """A header for the voxels, with `affine` as its only grid; without it, with the grid of the file's own."""
        fields = self.fields | {"start": (_START,), "magic": (b"n+1",)}
        if affine is not None:
            steps = np.linalg.norm(affine[:, :3], axis=0)
            fields |= {"forms": (0, 1), "sform": affine.ravel()}
            fields["pixdim"] = (1, *steps, *self.fields["pixdim"][4:])
        header = bytearray(_START)
        struct.pack_into(f"{self.order}i", header, 0, 348)
        for name, (at, kind) in _FIELDS[348].items():
            struct.pack_into(self.order + kind, header, at, *fields[name])
        return bytes(header)


def _content(path: Path) -> tuple[bytes, bool]:
    """The bytes of a file, decompressed if necessary, and whether that was necessary."""
    content = path.read_bytes()
    if not content:
        raise InputError(f"{path} is empty (0 bytes); copy it again.")
    if not content.startswith(b"\x1f\x8b"):
        return content, False
    try:
        return gzip.decompress(content), True
    except EOFError as error:
        raise InputError(f"{path} is truncated: its compressed data are incomplete; copy it again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"{path} is damaged: its compressed data do not match their checksum; copy it again."
        ) from error
