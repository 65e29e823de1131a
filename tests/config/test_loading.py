"""Composing: every choice in conf/ can be taken and is typed; what the schema does not know is refused."""

import subprocess
import sys
from dataclasses import fields, is_dataclass
from itertools import groupby, zip_longest
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from npc.config.checks import check
from npc.config.key import run_folder
from npc.config.loading import checked, compose
from npc.config.schema import TrainConfig
from npc.config.values import plain
from npc.errors import InputError

REPOSITORY = Path(__file__).resolve().parents[2]
CHOICES = [
    (file.parent.name, file.stem)
    for file in sorted((REPOSITORY / "conf").glob("*/*.yaml"))
    if file.parent.name != "hydra"
]
# What these choices cannot know by themselves.
NEEDS = {
    ("cohort", "table"): ["cohort.root=somewhere"],
    ("cohort", "sts"): ["cohort.root=somewhere", "sequence=mr_t1"],
    ("cohort", "nnunet"): ["cohort.root=somewhere"],
    ("cohort", "bids"): ["cohort.root=somewhere", "sequence=t1w"],
    ("cohort", "hecktor"): ["cohort.root=somewhere", "sequence=ct"],
    ("cohort", "foshan"): ["cohort.root=somewhere", "cohort.labelled=true"],
    ("encoder", "medicalnet"): ["encoder.weights=file.pth"],
    ("encoder", "radimagenet"): ["encoder.weights=file.pt"],
}


@pytest.mark.parametrize("source", [name for group, name in CHOICES if group == "cohort"])
def test_a_finished_run_of_any_source_gives_its_choices_again(source, tmp_path):
    made = checked(compose([f"cohort={source}", f"runs={tmp_path}", *NEEDS.get(("cohort", source), [])]))
    run = run_folder(made)
    run.mkdir(parents=True)
    OmegaConf.save(made, run / "config.yaml")
    (run / "DONE").touch()
    again = checked(compose([f"refit={run}", "folds=5"]))
    assert (run_folder(again), again.folds) == (run, 5)
    assert plain(again.cohort) == plain(made.cohort)


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


def together() -> list[list[tuple[str, str]]]:
    """All choices in as few compositions as can be: one choice of every group at a time."""
    groups = [list(choices) for _, choices in groupby(CHOICES, key=lambda choice: choice[0])]
    return [[choice for choice in row if choice] for row in zip_longest(*groups)]


@pytest.mark.slow
@pytest.mark.parametrize("row", together(), ids=lambda row: " ".join(map("=".join, row)))
def test_every_choice_of_every_group_composes_and_is_typed(row):
    choices = compose([word for choice in row for word in ["=".join(choice), *NEEDS.get(choice, [])]])
    check(choices)
    for name, kind in typed(TrainConfig).items():
        if kind in (int, float, bool, str):
            assert type(OmegaConf.select(choices, name)) is kind, name


def test_all_groups_are_covered_by_the_tests():
    expected = "cohort split preprocess augment network optimizer trainer logger endpoint experiment debug"
    assert set(expected.split()) <= {group for group, _ in CHOICES}


@pytest.mark.slow
def test_published_cohorts_bring_their_own_size_and_split():
    assert compose(["cohort=table", "cohort.root=x"]).preprocess.size == 512
    sts = compose(["cohort=sts", "cohort.root=x", "sequence=mr_t1"])
    assert (sts.preprocess.size, sts.split.by) == (128, "random")
    assert not {"ebv_dna", "t_stage"} & set(sts.cohort.clinical)
    # ... and give way to what is asked for
    assert compose(["cohort=sts", "cohort.root=x", "preprocess.size=64"]).preprocess.size == 64
    assert compose(["cohort=sts", "cohort.root=x", "split=by_centre"]).split.by == "by_centre"


@pytest.mark.slow
def test_compose_is_what_train_py_sees():
    command = [sys.executable, "train.py", "sequence=t2", "seed=5", "optimizer=adam", "--cfg", "job", "--resolve"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    there = OmegaConf.create(done.stdout)
    here = compose(["sequence=t2", "seed=5", "optimizer=adam"])
    assert OmegaConf.to_container(there) == plain(here)


@pytest.mark.parametrize(
    "mistyped",
    ["batch_size=many", "batch_size=1.5", "optimizer.lr=fast", "force=perhaps", "preprocess.equalise=7x", "cohort.n=a"],
)
def test_a_value_of_the_wrong_type_is_reported_when_composing(mistyped):
    with pytest.raises(InputError, match=mistyped.split("=")[1]):
        compose([mistyped])


@pytest.mark.parametrize("misspelt", ["sequnce=t2", "optimizer.rl=1", "cohort.matrx=64", "trainer.epochs=3"])
def test_an_unknown_key_is_reported_when_composing(misspelt):
    with pytest.raises(InputError, match=f"{misspelt.split('=')[0].split('.')[-1]}(.|\n)*the nearest key"):
        compose([misspelt])


def test_composing_imports_no_slow_package():
    code = (
        "import sys; from npc.config.checks import check; from npc.config.loading import compose; "
        "check(compose([])); print({'numpy', 'pandas', 'torch', 'npc.phantom.source'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.parametrize(
    ("choices", "size"),
    [([], 32), (["cohort=table", "cohort.root=x"], 512), (["cohort=sts", "cohort.root=x", "sequence=ct"], 128)],
)
def test_the_tiny_experiment_takes_any_cohort_and_makes_only_the_phantom_small(choices, size):
    composed = compose(["experiment=tiny", *choices])
    check(composed)
    assert (composed.network.backbone, composed.preprocess.size) == ("tiny", size)


@pytest.mark.parametrize("experiment", ["filters", "texture", "compact"])
def test_windows_have_pixels_as_long_as_a_scanners_but_for_the_phantom(experiment):
    """At the 512 pixels of whole slices a window would be interpolated, and a training would take a day."""
    sizes = {
        cohort: compose([f"experiment={experiment}", f"cohort={cohort}", "cohort.name=ours"]).preprocess.size
        for cohort in ("table", "nnunet", "phantom")
    }
    assert sizes == {"table": 128, "nnunet": 128, "phantom": 64}
