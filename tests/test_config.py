"""The choices of a run: every choice in conf/ works, and the key that names a run depends on what matters."""

import os
import subprocess
import sys
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from npc import config
from npc.config import check, compose, plain, run_folder, run_key, run_sequences
from npc.errors import InputError

REPOSITORY = Path(__file__).resolve().parents[1]
CHOICES = [
    (file.parent.name, file.stem)
    for file in sorted((REPOSITORY / "conf").glob("*/*.yaml"))
    if file.parent.name != "hydra"
]
# What these choices cannot know by themselves.
NEEDS = {
    ("cohort", "table"): ["cohort.root=somewhere"],
    ("cohort", "sts"): ["cohort.root=somewhere", "sequence=mr_t1"],
    ("cohort", "foshan"): ["cohort.root=somewhere", "cohort.labelled=true"],
}


GROUPS = {group for group, _ in CHOICES}
composed = cache(lambda *overrides: compose(overrides))


def key(*overrides: str) -> str:
    """The run key with these overrides; composing is slow, and only groups need it."""
    groups = [override for override in overrides if override.split("=")[0] in GROUPS]
    values = [override for override in overrides if override not in groups]
    return run_key(OmegaConf.merge(composed(*groups), OmegaConf.from_dotlist(values)))


def faults(choices: DictConfig) -> list[str]:
    with pytest.raises(InputError) as caught:
        check(choices)
    return list(caught.value.faults)


def test_the_default_is_the_papers_signature_on_the_phantom():
    choices = compose([])
    check(choices)
    assert (choices.cohort.name, choices.sequence, choices.slices) == ("phantom", "cet1", "max")
    assert choices.network.backbone == "resnet50"
    assert choices.optimizer._target_ == "torch.optim.RMSprop"
    # Keras 2.1: rho 0.9, epsilon 1e-7; batch norm momentum 0.99, epsilon 1e-3
    assert plain(choices)["optimizer"]["options"] == {"alpha": 0.9, "eps": 1e-7}
    assert (choices.network.batch_norm.momentum, choices.network.batch_norm.epsilon) == (0.01, 1e-3)
    assert choices.preprocess.size == choices.cohort.matrix


def typed(schema: type, prefix: str = "") -> dict[str, object]:
    """The type that each key has in the schema."""
    found = {}
    for item in fields(schema):
        if isinstance(item.type, type) and is_dataclass(item.type):
            found |= typed(item.type, f"{prefix}{item.name}.")
        else:
            found[prefix + item.name] = item.type
    return found


@pytest.mark.parametrize("choice", CHOICES, ids="=".join)
def test_every_choice_of_every_group_can_be_taken_and_is_typed(choice):
    choices = compose(["=".join(choice), *NEEDS.get(choice, [])])
    check(choices)
    for name, kind in typed(config.Config).items():
        if kind in (int, float, bool, str):
            assert type(OmegaConf.select(choices, name)) is kind, name


def test_groups_that_the_tests_go_through_are_there():
    expected = "cohort split preprocess augment network optimizer trainer logger endpoint experiment debug"
    assert set(expected.split()) <= GROUPS


def test_published_cohorts_bring_their_own_size_and_split():
    assert compose(["cohort=table", "cohort.root=x"]).preprocess.size == 512
    sts = compose(["cohort=sts", "cohort.root=x", "sequence=mr_t1"])
    assert (sts.preprocess.size, sts.split.by) == (128, "random")
    assert not {"ebv_dna", "t_stage"} & set(sts.cohort.clinical)
    # ... and give way to what is asked for
    assert compose(["cohort=sts", "cohort.root=x", "preprocess.size=64"]).preprocess.size == 64
    assert compose(["cohort=sts", "cohort.root=x", "split=by_centre"]).split.by == "by_centre"


def test_sequences_that_a_run_reads():
    assert run_sequences(compose([])) == ("cet1",)
    assert run_sequences(compose(["sequence=both"])) == ("cet1", "t2")
    assert run_sequences(compose(["cohort=sts", "cohort.root=x", "sequence=both"])) == ("mr_t1", "ct")
    assert run_folder(compose(["sequence=both", "slices=three", "runs=R"])).parent == Path("R/phantom/both-three")


# The run key


@pytest.mark.parametrize(
    "neutral",
    [
        "runs=elsewhere",
        "store=elsewhere",
        "force=true",
        "cohort.root=elsewhere",
        "cohort.name=ours",
        "endpoint.name=death",
        "endpoint.survival=OS",
        "cohort.clinical.age.label=Years",
        "logger=wandb",
        "logger.project=ours",
        "logger.tags=[a,b]",
        "trainer=cpu",
        "trainer=gpu",
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
    "seed=1",
    "batch_size=8",
    "split.seed=1",
    "split.validation=0.2",
    "cohort.seed=1",
    "cohort.n=200",
    "cohort.external=40",
    "cohort.matrix=128",
    "cohort.signal=0",
    "cohort.missing=exclude",
    "cohort.label=1",
    "preprocess=roi_crop",
    "preprocess.size=128",
    "preprocess.equalise=false",
    "augment=none",
    "augment.flip=0",
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
    "endpoint=cox",
    "endpoint=hazard",
    "trainer.max_epochs=5",
    "trainer.patience=3",
    "trainer.precision=16-mixed",
    "trainer.threads=1",
    "experiment=tiny",
    "debug=one_batch",
    "debug=overfit",
]


def test_each_choice_that_matters_has_a_key_of_its_own():
    keys = {override: key(override) for override in ["seed=0", *OTHER]}
    same = [(a, b) for a in keys for b in keys if a < b and keys[a] == keys[b]]
    assert not same


def test_the_order_of_choices_does_not_matter():
    one, other = ["seed=3", "slices=three", "network=tiny"], ["network=tiny", "slices=three", "seed=3"]
    assert run_key(compose(one)) == run_key(compose(other)) == key(*one)
    turned = compose([])
    turned.optimizer.options = {"eps": 1e-7, "alpha": 0.9}
    assert run_key(turned) == key()


def test_the_key_is_the_same_in_any_process_and_place(tmp_path):
    code = "from npc.config import *; print(run_key(compose(['sequence=both', 'network=tiny'])))"
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == key("sequence=both", "network=tiny")


def test_compose_is_what_train_py_sees():
    command = [sys.executable, "train.py", "sequence=t2", "seed=5", "optimizer=adam", "--cfg", "job", "--resolve"]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    there = OmegaConf.create(told.stdout)
    here = compose(["sequence=t2", "seed=5", "optimizer=adam"])
    assert OmegaConf.to_container(there) == plain(here)


# What cannot be

WRONG = [
    "slices=four",
    "cohort.missing=ignore",
    "split.by=centre",
    "split.seed=-1",
    "logger.name=tensorboard",
    "preprocess.size=8",
    "preprocess.crop=box",
    "preprocess.margin=-0.1",
    "augment.flip=1.5",
    "augment.rotate=-5",
    "augment.shift=2",
    "augment.intensity=-1",
    "network.join=sum",
    "network.batch_norm.momentum=2",
    "network.batch_norm.epsilon=0",
    "optimizer.lr=0",
    "optimizer.decay=-0.1",
    "batch_size=0",
    "seed=-1",
    "trainer.max_epochs=0",
    "trainer.patience=0",
    "trainer.threads=0",
    "trainer.workers=-1",
    "trainer.profiler=deep",
    "sequence=adc",
    "cohort.name=a/b",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_value_that_cannot_be_is_told_with_its_key(wrong):
    name, value = wrong.split("=")
    (told,) = faults(OmegaConf.merge(composed(), OmegaConf.from_dotlist([wrong])))
    assert told.startswith(f"{name}={value}") or told.startswith(f"{name}={float(value)}")
    assert "must be" in told or "has cet1, t2, both" in told


def test_all_that_cannot_be_is_told_at_once():
    told = faults(compose(WRONG))
    assert sorted(fault.split("=")[0] for fault in told) == sorted(wrong.split("=")[0] for wrong in WRONG)


def test_nan_is_no_value():
    assert len(faults(compose(["optimizer.lr=nan", "preprocess.margin=nan", "augment.flip=nan"]))) == 3


def test_what_has_no_value_is_told():
    assert faults(compose(["cohort=table", "runs=???"])) == [
        "cohort.root: no value; give one with cohort.root=...",
        "runs: no value; give one with runs=...",
    ]


@pytest.mark.parametrize(
    "mistyped",
    ["batch_size=many", "batch_size=1.5", "optimizer.lr=fast", "force=perhaps", "preprocess.equalise=7x", "cohort.n=a"],
)
def test_a_value_of_the_wrong_type_is_told_by_composing(mistyped):
    with pytest.raises(Exception, match=mistyped.split("=")[1]) as caught:
        compose([mistyped])
    assert isinstance(caught.value.__cause__ or caught.value, OmegaConfBaseException)


@pytest.mark.parametrize("misspelt", ["sequnce=t2", "optimizer.rl=1", "cohort.matrx=64", "trainer.epochs=3"])
def test_a_key_that_is_not_there_is_told_by_composing(misspelt):
    with pytest.raises(Exception, match=misspelt.split("=")[0].split(".")[-1]):
        compose([misspelt])
