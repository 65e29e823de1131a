"""The file of a bundle: a zip whose manifest has the SHA-256 of every member; the last bytes have that of the file.

Members are stored without compression and read into memory, never extracted: their names lead to no place on the disk.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from npc import __version__
from npc.errors import InputError

FORMAT = 1  # raise it when an older npc cannot read the file
MANIFEST = "manifest.json"
_DIGEST = 64  # hexadecimal digits of SHA-256
_DATE = (1980, 1, 1, 0, 0, 0)  # of every member: the same content gives the same file


def pack(members: Mapping[str, bytes], version: int = FORMAT) -> bytes:
    """The bytes of a bundle.

    Args:
        members: content by name.
        version: of the format.
    """
    manifest = {
        "format": version,
        "npc": __version__,
        "members": {name: sha256(content) for name, content in sorted(members.items())},
    }
    everything = {MANIFEST: json.dumps(manifest, indent=1).encode(), **members}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in everything.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content)
        archive.comment = b"0" * _DIGEST
    body = file.getvalue()[:-_DIGEST]
    return body + sha256(body).encode()


def unpack(path: Path) -> dict[str, bytes]:
    """The members of a bundle without its manifest, each checked.

    Args:
        path: of the file.

    Raises:
        InputError: it is no bundle, of a newer format, or a byte of it was changed.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}); give the file that npc bundle wrote") from None
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        manifest = json.loads(archive.read(MANIFEST))
        version, digests = int(manifest["format"]), dict(manifest["members"])
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, NotImplementedError, RuntimeError):
        raise InputError(
            f"{path} is not a bundle of npc, or it is damaged; ask the hospital that made it for the file again"
        ) from None
    if version > FORMAT:
        raise InputError(
            f"{path} has format {version}, and npc {__version__} reads formats up to {FORMAT}; install a newer npc "
            "(the bundle was made by npc " + str(manifest.get("npc")) + ")"
        )
    if raw[-_DIGEST:] != sha256(raw[:-_DIGEST]).encode():
        raise _changed(path, "the file")
    members = {}
    for name in archive.namelist():
        if name != MANIFEST:
            if archive.getinfo(name).compress_type != zipfile.ZIP_STORED or name in members:
                raise _changed(path, name)
            members[name] = archive.read(name)
    for name in sorted(members.keys() | digests.keys()):
        if name not in members or sha256(members[name]) != digests.get(name):
            raise _changed(path, name)
    return members


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _changed(path: Path, what: str) -> InputError:
    return InputError(
        f"{path}: {what} is not as npc bundle wrote it (its SHA-256 differs), so it is not used; copy the file again, "
        "or ask the hospital that made it"
    )
