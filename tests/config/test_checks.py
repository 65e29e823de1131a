"""Values that cannot be used are all reported at once, each with its key."""

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from npc.config.checks import _ACCEPTED, check, check_evaluate
from npc.config.loading import CONFIGS, compose
from npc.errors import InputError
from tests.config.composed import composed, quickly


def faults(choices: DictConfig) -> list[str]:
    with pytest.raises(InputError) as caught:
        check(choices)
    return list(caught.value.faults)


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
    "augment.vertical_flip=2",
    "augment.scale=1",
    "augment.elastic=-1",
    "augment.gamma=-1",
    "augment.noise=2",
    "network.join=sum",
    "network.batch_norm.momentum=2",
    "network.batch_norm.epsilon=0",
    "optimizer.lr=0",
    "optimizer.decay=-0.1",
    "optimizer.schedule=step",
    "optimizer.warmup=2",
    "optimizer.stage_rate=0",
    "endpoint.smoothing=1",
    "network.freeze=layer5",
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
def test_an_invalid_value_is_reported_with_its_key(wrong):
    name, value = wrong.split("=")
    (found,) = faults(OmegaConf.merge(composed(), OmegaConf.from_dotlist([wrong])))
    assert found.startswith(f"{name}={value}") or found.startswith(f"{name}={float(value)}")
    assert "must be" in found or "has cet1, t2, both" in found


def test_all_invalid_values_are_reported_at_once():
    found = faults(quickly(*WRONG))
    assert sorted(fault.split("=")[0] for fault in found) == sorted(wrong.split("=")[0] for wrong in WRONG)


@pytest.mark.parametrize("key", ["encoder.mean", "encoder.sd", "radiomics.features.sigma"])
def test_a_list_of_lists_is_no_list_of_numbers(key):
    assert f"{key}=[[1], [2]]: must be a list of numbers" in " ".join(faults(composed(f"{key}=[[1],[2]]")))


def test_nan_is_not_a_valid_value():
    assert len(faults(quickly(*["optimizer.lr=nan", "preprocess.margin=nan", "augment.flip=nan"]))) == 3


@pytest.mark.slow
def test_missing_values_are_reported():
    assert faults(compose(["cohort=table", "runs=???"])) == [
        "cohort.root: no value; give one with cohort.root=...",
        "runs: no value; give one with runs=...",
    ]


def test_a_phantoms_options_are_checked_as_keys_of_the_cohort():
    wrong = ["cohort.n=4", "cohort.external=4", "cohort.matrix=2000", "cohort.treatment=0", "seed=-1"]
    assert faults(quickly(*wrong)) == [
        "seed=-1: must be between 0 and 4294967295",
        "cohort.external=4: must be 0 or more, and less than n",
        "cohort.matrix=2000: must be between 16 and 1024 pixels",
        "cohort.treatment=0.0: must be between 0.05 and 20 (a hazard ratio)",
    ]


def test_lists_are_checked():
    wrong = [
        "radiomics.features.filters=[gabor]",
        "radiomics.features.classes=[]",
        "radiomics.selection.chain=[aic,aic]",
    ]
    assert [fault.partition("=")[0] for fault in faults(quickly(*wrong))] == [
        choice.partition("=")[0] for choice in wrong
    ]


def test_evaluate_reports_the_keys_of_its_own_schema():
    wrong = ["name=a/b", "prognosis.cutoff=best", "prognosis.significance=1", "report.bootstrap=9", "endpoint.months=0"]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        choices = hydra_compose("evaluate", [*wrong, "cohort.mssim=2"])
    with pytest.raises(InputError) as caught:
        check_evaluate(choices)
    expected = {choice.partition("=")[0] for choice in [*wrong, "cohort.mssim=2"]}
    assert {fault.partition("=")[0] for fault in caught.value.faults} == expected
    assert len(caught.value.faults) == len(expected)


@pytest.mark.parametrize("key", ["seed", "folds", "method"])
def test_a_key_that_is_removed_is_reported(key):
    assert faults(compose([f"~{key}"])) == [f"~{key}: npc needs this key; give it another value instead"]


def test_a_key_that_nothing_reads_is_reported_with_the_nearest_one():
    found = faults(compose(["+optimizer.weight_decay=0.1", "+trainer.gradient_clip_val=0.5", "+sede=3", "+cohort.m=1"]))
    assert [fault.partition(":")[0] for fault in found] == [
        "sede", "cohort.m", "optimizer.weight_decay", "trainer.gradient_clip_val",
    ]  # fmt: skip
    for fault, near in zip(found, ("seed", "cohort.n", "+optimizer.options.weight_decay", "trainer"), strict=True):
        assert near in fault


@pytest.mark.slow
def test_an_option_is_read_by_a_source_that_takes_it(tmp_path, monkeypatch):
    (tmp_path / "own_source.py").write_text("def read(root, sequences, scanner): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    own = ["cohort=table", "cohort.root=x", "cohort._target_=own_source.read", "+cohort.scanner=1"]
    check(compose(own))
    (found,) = faults(compose([*own, "+cohort.scaner=1"]))
    assert found.startswith("cohort.scaner: nothing reads this key")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (["+optimizer.options.weight_decay=0.1"], None),
        (["optimizer=adam", "+optimizer.options.betas=[0.8,0.9]"], None),
        (["+optimizer.options.wieght_decay=0.1"], "unexpected keyword argument 'wieght_decay'"),
        (["optimizer.options.alpha=-1"], "Invalid alpha"),
        (["optimizer._target_=torch.optim.SGD"], "unexpected keyword argument 'alpha'"),
        (["optimizer=adam", "optimizer._target_=torch.optim.None"], "no attribute"),
        (["method=radiomic", "+optimizer.options.none=1"], None),  # which has no optimizer
    ],
)
def test_options_of_the_optimizer_are_those_of_torchs_class(choices, message):
    if message:
        (found,) = faults(compose(choices))
        assert message in found
    else:
        check(compose(choices))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (["optimizer=adamw"], None),
        (["optimizer.schedule=cosine"], "optimizer.decay=0.01: has no effect with optimizer.schedule=cosine"),
        (["optimizer.warmup=0.1"], "optimizer.warmup=0.1: has no effect with optimizer.schedule=decay"),
        (
            ["network.freeze=layer1"],
            "network.freeze=layer1: with network.weights=scratch these stages",
        ),
        (["network.freeze=layer1", "network.weights=imagenet"], None),
        (["endpoint.smoothing=0.1"], None),
        (["endpoint=cox", "endpoint.smoothing=0.1"], "endpoint.smoothing=0.1: only labels can be smoothed"),
        (["slices=all", "network.pool=mean", "preprocess.slices=8", "sequence=both"], None),
        (["network.pool=mean"], "network.pool=mean: has an effect with slices=all only"),
        (["slices=three", "preprocess.slices=8"], "preprocess.slices=8: has an effect with slices=all only"),
        (["slices=all", "network.join=stack", "sequence=both"], "network.join=stack: slices that are pooled"),
        (["slices=three", "network=compact", "network.join=stack", "sequence=both"], "network.join=stack: slices that"),
        (["method=radiomic", "slices=all"], "slices=all: radiomic features are those of the largest slice or of three"),
        (["method=radiomic", "endpoint.smoothing=0.1"], "endpoint.smoothing: has no effect on a radiomic signature"),
    ],
)
def test_choices_of_networks_that_exclude_each_other_are_reported(choices, message):
    if message:
        (found,) = faults(compose(choices))
        assert found.startswith(message)
    else:
        check(compose(choices))


def test_options_that_are_not_checked_are_those_of_the_configs():
    for file in (CONFIGS / "optimizer").glob("*.yaml"):
        content = OmegaConf.load(file)
        assert _ACCEPTED[content._target_] == set(content.get("options", {}))
