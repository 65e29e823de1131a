"""The file of a bundle: what it holds comes back, and a file that is not as it was written is refused."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from npc.bundle.manifest import MANIFEST, pack, unpack
from npc.errors import InputError

MEMBERS = {"model.json": b'{"a": 1}', "signatures/one/weights.safetensors": bytes(range(32))}


def written(folder: Path, content: bytes) -> Path:
    path = folder / "model.npc.zip"
    path.write_bytes(content)
    return path


def rezipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_what_was_packed_comes_back_and_the_same_content_gives_the_same_bytes(tmp_path: Path):
    assert unpack(written(tmp_path, pack(MEMBERS))) == MEMBERS
    assert pack(MEMBERS) == pack(dict(MEMBERS))
    assert not zipfile.ZipFile(tmp_path / "model.npc.zip").testzip()


def test_a_changed_byte_anywhere_is_refused(tmp_path: Path):
    content = pack(MEMBERS)
    for place in range(0, len(content), 5):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(InputError):
            unpack(written(tmp_path, bytes(changed)))


def test_a_changed_weight_is_named(tmp_path: Path):
    with zipfile.ZipFile(written(tmp_path, pack(MEMBERS))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    forged = pack(MEMBERS | {"model.json": b"{}"})
    with pytest.raises(InputError, match="SHA-256 differs"):
        unpack(written(tmp_path, rezipped(members | {"model.json": b"{}"})))
    assert unpack(written(tmp_path, forged))["model.json"] == b"{}"  # of another maker: its own file, whole


def test_a_newer_format_asks_for_a_newer_npc(tmp_path: Path):
    with pytest.raises(InputError, match=r"has format 2, and npc .* reads formats up to 1; install a newer npc"):
        unpack(written(tmp_path, pack(MEMBERS, version=2)))


@pytest.mark.parametrize(
    "content",
    [b"", b"no zip", rezipped({"a": b""}), rezipped({MANIFEST: b"[1]"}), pack({})[:-90]],
    ids=["empty", "no zip", "no manifest", "manifest of another kind", "cut off"],
)
def test_other_files_are_refused(content: bytes, tmp_path: Path):
    with pytest.raises(InputError, match="is not a bundle of npc, or it is damaged"):
        unpack(written(tmp_path, content))


def test_no_file_ends_with_a_message(tmp_path: Path):
    with pytest.raises(InputError, match="can't be read"):
        unpack(tmp_path / "none.zip")


def test_the_names_of_members_lead_nowhere(tmp_path: Path):
    """They are read into memory; no name is a path on this disk."""
    inner = tmp_path / "inner"
    inner.mkdir()
    outside = {"../outside": b"1", str(tmp_path / "outside"): b"1"}
    assert set(unpack(written(inner, pack(outside)))) == set(outside)
    assert not (tmp_path / "outside").exists()


def test_a_compressed_member_is_refused(tmp_path: Path):
    """A small file could otherwise fill the memory."""
    members = {MANIFEST: json.dumps({"format": 1, "members": {}}).encode(), "big": bytes(10**6)}
    with pytest.raises(InputError, match="is not as npc bundle wrote it"):
        unpack(written(tmp_path, rezipped(members, zipfile.ZIP_DEFLATED)))
