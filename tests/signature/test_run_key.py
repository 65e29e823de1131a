"""What the name of a run depends on."""

import pytest

from npc.config import key
from tests.config.composed import quickly


@pytest.mark.parametrize(
    "override",
    ["runs=/x", "store=/x", "cohort.root=/x", "logger=wandb", "trainer.devices=2", "trainer.accelerator=gpu",
     "trainer.workers=3", "trainer.profiler=simple", "force=true", "cohort.name=other"],
)  # fmt: skip
def test_the_run_key_does_not_depend_on_where_and_how(override):
    assert key.run_key(quickly(override)) == key.run_key(quickly())


def test_the_run_key_depends_on_every_choice_that_can_change_the_numbers():
    """The values; tests/config/test_key.py has the groups too."""
    overrides = [
        "seed=1", "optimizer.lr=0.001", "optimizer.decay=0", "augment.rotate=5", "slices=three", "sequence=t2",
        "sequence=both", "cohort.seed=1", "cohort.n=100", "cohort.signal=0", "cohort.external=20",
        "cohort.missing=exclude", "split.seed=1", "batch_size=8", "preprocess.size=32", "preprocess.equalise=false",
        "network.join=mean", "network.weights=imagenet", "network.batch_norm.momentum=0.1",
        "endpoint.class_weight=true", "endpoint.event=os_event", "trainer.max_epochs=2", "trainer.patience=2",
        "trainer.threads=1", "trainer.precision=64-true", "cohort.label=1",
    ]  # fmt: skip
    keys = {key.run_key(quickly(override)) for override in ["seed=0", *overrides]}
    assert len(keys) == len(overrides) + 1


def test_the_run_key_depends_on_the_content_of_weights_and_not_on_their_path(tiny, tmp_path):
    first, copy, other = (tmp_path / name for name in ("a.pt", "b.pt", "c.pt"))
    first.write_bytes(b"weights")
    copy.write_bytes(b"weights")
    other.write_bytes(b"others")
    keys = [key.run_key(tiny(f"network.weights={path}")) for path in (first, copy, other)]
    assert keys[0] == keys[1] != keys[2]
