from pathlib import Path

import pytest
import torch

from npc.signature.checkpoints import WholeCheckpoints, is_whole


def save(path: Path, value: float) -> None:
    WholeCheckpoints().save_checkpoint({"weights": torch.full((1000,), value)}, path)


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "checkpoints" / "last.ckpt"
    assert not is_whole(path)
    for value in (1.0, 2.0):  # the newer one replaces the older
        save(path, value)
        assert is_whole(path)
        assert torch.equal(torch.load(path, weights_only=True)["weights"], torch.full((1000,), value))
        assert [file.name for file in path.parent.iterdir()] == ["last.ckpt"]


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_truncated_checkpoint_is_not_whole(tmp_path, share):
    path = tmp_path / "last.ckpt"
    save(path, 1)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert not is_whole(path)
    save(path, 2)
    assert is_whole(path)


@pytest.mark.parametrize("step", ["save", "replace"])
def test_a_failed_write_leaves_the_previous_checkpoint(tmp_path, monkeypatch, step):
    path = tmp_path / "last.ckpt"
    save(path, 1)

    def full(*_):
        if step == "save":
            raise RuntimeError("PytorchStreamWriter failed writing file")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*((torch, "save") if step == "save" else (Path, "replace")), full)
        with pytest.raises(OSError, match="No space left"):
            save(path, 2)
    assert is_whole(path)
    assert torch.equal(torch.load(path, weights_only=True)["weights"], torch.ones(1000))


def test_a_checkpoint_does_not_go_through_the_temporary_folder(tmp_path, monkeypatch):
    """It may be on another disk, from which the file would be copied and not renamed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    save(tmp_path / "last.ckpt", 1)
    assert is_whole(tmp_path / "last.ckpt")
