"""The key that names a run depends on what can change its numbers, and on nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from npc.config.key import run_folder, run_key
from npc.config.loading import compose
from tests.config.composed import quickly

REPOSITORY = Path(__file__).resolve().parents[2]


def key(*overrides: str) -> str:
    """The run key with these overrides."""
    return run_key(quickly(*overrides))


def test_composing_quickly_is_composing():
    """So that the keys below are those that a user gets."""
    overrides = ["endpoint=landmark", "cohort.matrix=48", "optimizer.lr=1e-3", "seed=5", "+cohort.roi.cet1=GTV"]
    assert quickly(*overrides) == compose(overrides)


@pytest.mark.parametrize(
    "neutral",
    [
        "runs=elsewhere",
        "store=elsewhere",
        "force=true",
        "controls=true",
        "permutations=20",
        "cohort.root=elsewhere",
        "cohort.name=ours",
        "endpoint.name=death",
        "endpoint.survival=OS",
        "cohort.sheet=Outcomes",
        "cohort.date_order=day_first",
        "region=tumour",
        "cohort.clinical.age.label=Years",
        "logger=wandb",
        "logger.project=ours",
        "logger.tags=[a,b]",
        "trainer=cpu",
        "trainer=gpu",
        "trainer.resident=true",
        "trainer.graph=true",
        "trainer.checkpoint_every=30",
        "trainer.devices=3",
        "trainer.accelerator=mps",
        "trainer.num_nodes=2",
        "trainer.workers=4",
        "trainer.profiler=simple",
        "preprocess.size=64",
        "seed=0",
        "cohort.signal=1",
        "augment.rotate=10.0",
        "optimizer.lr=1e-4",
        "optimizer.decay=1.0e-2",
    ],
)
def test_what_cannot_change_the_numbers_does_not_change_the_key(neutral):
    assert key(neutral) == key()


OTHER = [
    "sequence=t2",
    "sequence=both",
    "slices=three",
    "slices=all",
    "preprocess.slices=8",
    "network.pool=mean",
    "seed=1",
    "batch_size=8",
    "split=random",
    "split.seed=1",
    "split.validation=0.2",
    "split.stratify=false",
    "split.development=[hospital_1,C]",
    "split.test=[C]",
    "split.test=[B,C]",
    "split=leave_one_centre_out",
    "cohort.seed=1",
    "cohort.n=200",
    "cohort.external=40",
    "cohort.matrix=128",
    "cohort.without_t2=0.3",
    "cohort.signal=0",
    "cohort.missing=exclude",
    "cohort.label=1",
    "cohort.label=[1,2]",
    "region=ring5",
    "+cohort.roi.cet1=GTV",
    "preprocess=roi_crop",
    "preprocess.size=128",
    "preprocess.equalise=false",
    "augment=none",
    "augment.flip=0",
    "augment=strong",
    "augment.vertical_flip=0.5",
    "augment.scale=0.1",
    "augment.elastic=0.1",
    "augment.gamma=0.1",
    "augment.noise=0.1",
    "network=tiny",
    "network.join=mean",
    "network.weights=imagenet",
    "network.batch_norm.recalibrate=false",
    "optimizer=adam",
    "optimizer.lr=0.001",
    "optimizer.decay=0",
    "optimizer.options.alpha=0.99",
    "endpoint.class_weight=true",
    "endpoint.event=os_event",
    "endpoint=landmark",
    "endpoint=landmark endpoint.months=24",
    "endpoint=cox",
    "endpoint=hazard",
    "endpoint=hazard endpoint.intervals=4",
    "endpoint.smoothing=0.1",
    "network.freeze=layer2",
    "network.size_input=true",
    "network=small",
    "network=resnet18",
    "optimizer=adamw",
    "optimizer.schedule=cosine",
    "optimizer.warmup=0.1",
    "optimizer.stage_rate=0.5",
    "trainer.max_epochs=5",
    "trainer.patience=3",
    "trainer.precision=16-mixed",
    "trainer.threads=1",
    "experiment=tiny",
    "debug=one_batch",
    "debug=overfit",
]


@pytest.mark.slow
def test_each_choice_that_changes_the_numbers_changes_the_key():
    keys = {override: key(*override.split()) for override in ["seed=0", *OTHER]}
    same = [(a, b) for a in keys for b in keys if a < b and keys[a] == keys[b]]
    assert not same


@pytest.mark.slow
def test_the_order_of_choices_does_not_matter():
    one, other = ["seed=3", "slices=three", "network=tiny"], ["network=tiny", "slices=three", "seed=3"]
    assert run_key(compose(one)) == run_key(compose(other)) == key(*one)
    turned = compose([])
    turned.optimizer.options = {"eps": 1e-7, "alpha": 0.9}
    assert run_key(turned) == key()


@pytest.mark.slow
def test_the_key_is_the_same_in_any_process_and_folder(tmp_path):
    code = (
        "from npc.config.key import run_key; from npc.config.loading import compose; "
        "print(run_key(compose(['sequence=both', 'network=tiny'])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == key("sequence=both", "network=tiny")


def test_the_folder_names_cohort_and_variant():
    assert run_folder(compose(["sequence=both", "slices=three", "runs=R"])).parent == Path("R/phantom/both-three")
    assert run_folder(compose(["region=ring5", "runs=R"])).parent == Path("R/phantom/cet1@ring5-max")
    assert run_key(compose(["region=ring5.0"])) == run_key(compose(["region=ring5"])) != run_key(compose([]))


@pytest.mark.parametrize(
    ("overrides", "before"),
    [
        (("split.stratify=false",), "1d21a703448e"),
        (("sequence=t2+cet1", "slices=three", "split.stratify=false"), "2e63b64da1e3"),
        (("cohort=sts", "sequence=mr_t1"), "d4a83e0340ca"),
        (("cohort=sts", "sequence=ct+mr_t1", "slices=three", "network=tiny"), "c0e0eb0426ab"),
        (("cohort=sts", "sequence=mr_t1", "method=radiomic"), "fc2b109e3159"),
    ],
)
def test_finished_runs_keep_their_keys(overrides, before):
    """Computed by commit c079a7c, before fields were added with `later`."""
    assert run_key(compose(overrides)) == before
