"""The choices of a run: their types, their checks and the key that names the run.

Values and reasons stand in `conf/`; this file says what each may be. Nothing heavy is imported, so that a misspelt or
mistyped choice is told at once.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, cast

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from npc.errors import InputError

CONFIGS = Path(__file__).resolve().parents[1] / "conf"
# What cannot change the numbers of a run stays out of its key: the same choices give the same folder everywhere.
_NEUTRAL: Any = {"neutral": True}
# And the choices that only one method reads are not part of the other's runs.
_OF_METHOD = {
    "deep_learning": ("preprocess", "augment", "network", "optimizer", "trainer", "batch_size"),
    "radiomic": ("radiomics",),
}
# A source's place in the code is not a choice: in the key it has the name under which it was first written there.
_SOURCES_IN_KEYS = {
    "npc.phantom.source.read": "npc.cohort.phantom.read",
    "npc.cohort.sources.table.read": "npc.cohort.table.read",
    "npc.cohort.sources.sts.read": "npc.cohort.sts.read",
    "npc.cohort.sources.foshan.read": "npc.cohort.foshan.read",
}


@dataclass
class Variable:
    """A clinical variable that the cohort's table holds."""

    kind: str = MISSING  # continuous | ordinal | binary | categorical
    levels: list[str] | None = None  # in order
    cut: str | None = None  # such as ">= 4000"


@dataclass
class Criterion:
    """Who of a cohort belongs to the study, by one column."""

    column: str = MISSING
    keep: Any = MISSING  # levels such as [III, IVa, IVb], or a cut such as ">= 18"
    reason: str = MISSING  # of who is left out


@dataclass
class Cohort:
    """Where the patients come from."""

    _target_: str = MISSING  # reads the source
    name: str = field(default=MISSING, metadata=_NEUTRAL)
    root: str = field(default=MISSING, metadata=_NEUTRAL)
    sequences: list[str] = MISSING
    clinical: dict[str, Variable] | None = field(default_factory=dict, metadata=_NEUTRAL)
    development: str | None = None
    exclude: dict[str, str] = field(default_factory=dict)  # patients left out by hand: id -> reason
    criteria: dict[str, Criterion] = field(default_factory=dict)  # in order: the first that applies leaves out
    labelled: bool = field(default=True, metadata=_NEUTRAL)  # false: no outcome is known
    missing: str = "error"  # error | exclude: patients who lack a sequence that the run asks for
    label: int | None = None
    by_index: bool = False  # outlines whose header places them nowhere are laid on their image voxel by voxel
    roi: dict[str, str] = field(default_factory=dict)
    size: int = MISSING
    mssim: float = field(default=0.9, metadata=_NEUTRAL)
    icc: float = field(default=0.75, metadata=_NEUTRAL)


@dataclass
class PhantomCohort(Cohort):
    """A synthetic cohort."""

    seed: int = MISSING
    n: int = MISSING
    external: int | None = None
    matrix: int = MISSING
    signal: float = MISSING
    treatment: float = MISSING
    interaction: float = MISSING
    confounding: float = MISSING
    competing: float = MISSING
    readers: int = MISSING
    dice_reader1b: float = MISSING
    dice_reader2: float = MISSING
    dates: bool = MISSING


@dataclass
class Endpoint:
    """What is predicted."""

    kind: str = MISSING  # binary | landmark | cox | hazard
    event: str = MISSING
    time: str = MISSING
    class_weight: bool = False
    months: float | None = None  # landmark
    intervals: int | None = None  # hazard


@dataclass
class Split:
    """Who trains, who chooses, who tests."""

    by: str = MISSING  # by_centre | random
    seed: int = 0
    validation: float = MISSING
    development: str | None = None
    test: float = 0.0


@dataclass
class Preprocess:
    """From study to network input."""

    size: int = MISSING
    crop: str = MISSING  # none | roi
    margin: float = MISSING
    equalise: bool = MISSING


@dataclass
class Augment:
    """Random changes of the training images."""

    flip: float = MISSING
    rotate: float = MISSING
    shift: float = MISSING
    intensity: float = MISSING


@dataclass
class BatchNorm:
    """Batch normalisation."""

    momentum: float = MISSING
    epsilon: float = MISSING
    recalibrate: bool = MISSING


@dataclass
class Network:
    """The network and its first weights."""

    backbone: str = MISSING
    join: str = MISSING  # towers | mean | stack
    weights: str = MISSING  # scratch | imagenet | a path
    batch_norm: BatchNorm = field(default_factory=BatchNorm)


@dataclass
class Optimizer:
    """The optimizer and its decay of the learning rate."""

    _target_: str = MISSING
    lr: float = MISSING
    decay: float = MISSING
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Trainer:
    """How long and on what."""

    max_epochs: int = MISSING
    patience: int = MISSING
    threads: int = MISSING
    precision: str = MISSING
    limit_train_batches: Any = 1.0
    overfit_batches: Any = 0.0
    accelerator: str = field(default=MISSING, metadata=_NEUTRAL)
    devices: Any = field(default=MISSING, metadata=_NEUTRAL)
    num_nodes: int = field(default=1, metadata=_NEUTRAL)
    strategy: str = field(default=MISSING, metadata=_NEUTRAL)
    profiler: str | None = field(default=None, metadata=_NEUTRAL)
    workers: int = field(default=0, metadata=_NEUTRAL)


@dataclass
class Logger:
    """Where metrics go besides the run folder."""

    name: str = MISSING  # csv | wandb
    project: str = "npc"
    entity: str | None = None
    tags: list[str] = field(default_factory=list)


FILTERS = ("original", "wavelet", "square", "squareroot", "logarithm", "exponential", "log")
CLASSES = ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
CHAIN = ("univariate", "mrmr", "lasso", "aic")


@dataclass
class Features:
    """Which radiomic features, of which images."""

    filters: list[str] = MISSING
    classes: list[str] = MISSING
    wavelet: str = MISSING
    sigma: list[float] = field(default_factory=list)  # mm, of the filter log
    normalize: bool = MISSING
    scale: float = MISSING
    outliers: float | None = None
    bin_count: int | None = None
    bin_width: float | None = None
    slab: bool = False


@dataclass
class Selection:
    """How features become a signature."""

    chain: list[str] = MISSING  # in order: univariate, mrmr, lasso, aic
    significance: float = MISSING
    mrmr: int = MISSING
    folds: int = MISSING
    penalty: str = MISSING  # min | 1se
    direction: str = MISSING  # backward | both


@dataclass
class Radiomics:
    """The radiomic arm."""

    features: Features = field(default_factory=Features)
    selection: Selection = field(default_factory=Selection)
    combat: bool = False
    missing: str = MISSING  # error | exclude: patients whose features can't be had
    bootstrap: int = MISSING
    nested: int = MISSING


@dataclass
class Config:
    """Every choice of `train.py`."""

    method: str = MISSING  # deep_learning | radiomic

    cohort: Cohort = MISSING
    endpoint: Endpoint = MISSING
    split: Split = MISSING
    sequence: str = MISSING
    slices: str = MISSING
    preprocess: Preprocess = MISSING
    augment: Augment = MISSING
    network: Network = MISSING
    optimizer: Optimizer = MISSING
    trainer: Trainer = MISSING
    radiomics: Radiomics = MISSING
    batch_size: int = MISSING
    seed: int = MISSING
    logger: Logger = field(default=MISSING, metadata=_NEUTRAL)
    runs: str = field(default=MISSING, metadata=_NEUTRAL)
    store: str = field(default=MISSING, metadata=_NEUTRAL)
    force: bool = field(default=False, metadata=_NEUTRAL)
    folds: int = field(default=0, metadata=_NEUTRAL)
    refit: str | None = field(default=None, metadata=_NEUTRAL)


@dataclass
class Prognosis:
    """How models are made of signatures and clinical variables."""

    signature: str = MISSING  # out_of_fold | in_sample
    cutoff: str = MISSING  # training | own | pooled
    significance: float = MISSING
    treatment: str | None = None  # the clinical variable whose first level is the standard treatment


@dataclass
class Report:
    """How figures are given."""

    tests: str = MISSING  # paper | methods
    ci: str = MISSING  # delong | logit | bootstrap
    bootstrap: int = MISSING
    seed: int = MISSING


@dataclass
class Evaluate:
    """Every choice of `evaluate.py`."""

    cohort: Cohort = MISSING
    endpoint: Endpoint = MISSING
    split: Split = MISSING
    runs: str = MISSING
    reports: str = MISSING
    name: str = MISSING
    variants: list[str] | None = None
    prognosis: Prognosis = MISSING
    report: Report = MISSING


ConfigStore.instance().store(name="schema", node=Config)
ConfigStore.instance().store(name="evaluate_schema", node=Evaluate)
ConfigStore.instance().store(name="phantom_schema", node=PhantomCohort)


def compose(overrides: Sequence[str], resolve: bool = True) -> DictConfig:
    """The choices that `train.py` would have with these overrides, in the checkout that npc lies in."""
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir

    if not CONFIGS.is_dir():
        raise InputError(f"{CONFIGS}: there are no configs here; install npc from its checkout (`make train`)")
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = hydra_compose("train", list(overrides))
    if resolve:
        OmegaConf.resolve(config)
    return config


def is_group(key: str) -> bool:
    """Whether the key chooses a file of `conf/`, as in `optimizer=adam`."""
    return (CONFIGS / key).is_dir()


def run_sequences(config: DictConfig) -> tuple[str, ...]:
    """The sequences that a run reads, in the order in which the network joins them."""
    return tuple(config.cohort.sequences) if config.sequence == "both" else (config.sequence,)


def feature_settings(config: DictConfig) -> Features:
    """`radiomics.features` as plain values, which go to worker processes."""
    return Features(**plain(config.radiomics.features))


def plain(config: DictConfig) -> dict[str, Any]:
    """The resolved choices as plain values."""
    return cast(dict[str, Any], OmegaConf.to_container(config, resolve=True))


def run_key(config: DictConfig) -> str:
    """Twelve hexadecimal digits that name a run: a hash of the resolved choices that can change its numbers."""
    choices = plain(config)
    for other in (name for name in _OF_METHOD if name != config.method):
        for key in _OF_METHOD[other]:
            choices.pop(key)
    if "network" in choices and (weights := Path(config.network.weights).expanduser()).is_file():
        # what is in it counts, not where it lies
        choices["network"]["weights"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    source = choices["cohort"]["_target_"]
    choices["cohort"]["_target_"] = _SOURCES_IN_KEYS.get(source, source)
    drop_neutral(choices)
    return hashlib.sha256(json.dumps(choices, sort_keys=True).encode()).hexdigest()[:12]


def drop_neutral(choices: dict[str, Any]) -> None:
    """Takes off what can't change the numbers of a run: paths, loggers, devices."""
    for path in _neutral_paths(Config):
        node = choices
        for key in path[:-1]:
            node = node.get(key, {})
        node.pop(path[-1], None)


def run_folder(config: DictConfig) -> Path:
    """`runs/<cohort>/<sequence>-<slices>/<run_key>`."""
    return Path(config.runs) / config.cohort.name / f"{config.sequence}-{config.slices}" / run_key(config)


def of_run(config: DictConfig) -> DictConfig:
    """The choices of the finished run that `refit` names, with this call's own `folds`; as given without `refit`.

    Raises:
        InputError: there is no such run, or its choices mean another run today.
    """
    if not config.refit:
        return config
    folder = Path(config.refit).expanduser()
    if not (folder / "DONE").exists():
        raise InputError(f"refit={config.refit}: there is no finished run; give a folder runs/<cohort>/<variant>/<key>")
    try:
        own = {"runs": str(folder.resolve().parents[2]), "folds": config.folds, "force": False, "refit": None}
        choices = OmegaConf.merge(config, OmegaConf.load(folder / "config.yaml"), own)
        moved = {name: place for place, name in _SOURCES_IN_KEYS.items()}
        choices.cohort._target_ = moved.get(choices.cohort._target_, choices.cohort._target_)
    except (OSError, YAMLError, OmegaConfBaseException) as error:
        raise InputError(f"{folder / 'config.yaml'}: cannot be read as the choices of a run ({error})") from None
    if run_key(cast(DictConfig, choices)) != folder.name:
        raise InputError(f"refit={config.refit}: another version of npc made it; train it again")
    return cast(DictConfig, choices)


def _check_given(config: DictConfig) -> None:
    OmegaConf.resolve(config)
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        raise InputError([f"{key}: no value; give one with {key}=..." for key in missing])


def check_evaluate(config: DictConfig) -> None:
    """As `check`, for `evaluate.py`."""
    _check_given(config)
    faults = value_faults(config)
    if config.name in ("", ".", "..") or "/" in config.name:
        faults.append(f"name={config.name}: must be usable as the name of a folder")
    if faults:
        raise InputError(faults)


def checked(choices: DictConfig) -> DictConfig:
    """The choices of a run: those given, or of the run that `refit` names; checked.

    Raises:
        InputError: see `of_run` and `check`.
    """
    choices = of_run(choices)
    check(choices)
    return choices


def check(config: DictConfig) -> None:
    """Checks what types cannot say.

    Raises:
        InputError: naming every key whose value cannot be.
    """
    _check_given(config)
    faults = value_faults(config)
    sequences = list(config.cohort.sequences)
    known = [*sequences, *(["both"] if len(sequences) == 2 else [])]
    if not config.cohort.labelled:
        faults.append(
            f"cohort.labelled=false: of {config.cohort.name} no outcome is known, so there is nothing to learn; look "
            "at it with npc cohort check, quality, agreement or flow, or train on another cohort"
        )
    if config.sequence not in known:
        faults.append(f"sequence={config.sequence}: the cohort {config.cohort.name} has {', '.join(known)}")
    needed = {"landmark": "months", "hazard": "intervals"}.get(config.endpoint.kind)
    if needed and config.endpoint[needed] is None:
        faults.append(f"endpoint.{needed}: no value; endpoint.kind={config.endpoint.kind} needs one")
    if config.method == "radiomic":
        faults += _radiomic_faults(config)
    if config.endpoint.class_weight and config.endpoint.kind in ("cox", "hazard"):
        faults.append(f"endpoint.class_weight=true: means nothing to {config.endpoint.kind}; leave it out")
    if faults:
        raise InputError(faults)


def feature_faults(config: DictConfig) -> list[str]:
    """What radiomic features can't be made of."""
    faults = []
    features = config.radiomics.features
    for key, known in (("filters", FILTERS), ("classes", CLASSES)):
        if not features[key] or set(features[key]) - set(known):
            faults.append(f"radiomics.features.{key}={list(features[key])}: must be some of {', '.join(known)}")
    if ("log" in features.filters) != bool(features.sigma):
        faults.append("radiomics.features.sigma: the filter log needs it, and no other does; such as sigma=[2,4] (mm)")
    if (features.bin_count is None) == (features.bin_width is None):
        faults.append("radiomics.features: give bin_count or bin_width, and null for the other")
    return faults


def _radiomic_faults(config: DictConfig) -> list[str]:
    """What a radiomic signature can't be made of."""
    faults = feature_faults(config)
    chain = list(config.radiomics.selection.chain)
    if config.endpoint.kind not in ("binary", "landmark") or config.endpoint.class_weight:
        faults.append(
            "endpoint: a radiomic signature is a logistic regression on a label; take endpoint=binary or landmark "
            "without class_weight"
        )
    if config.folds or config.refit:
        faults.append("folds, refit: a radiomic run has its out-of-fold risks already, of radiomics.nested folds")
    if set(chain) - set(CHAIN) or len(set(chain)) < len(chain):
        faults.append(f"radiomics.selection.chain={chain}: must be some of {', '.join(CHAIN)}, each once")
    return faults


def value_faults(config: DictConfig) -> list[str]:
    """What is wrong with single values; a key without one is passed over, for a command may not need it."""
    faults = []
    for key, want, good in _RULES:
        value = OmegaConf.select(config, key)
        if value is not None and not good(value):
            faults.append(f"{key}={value}: must be {want}")
    return faults


def _neutral_paths(schema: type, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for item in fields(schema):
        path = (*prefix, item.name)
        if item.metadata.get("neutral"):
            yield path
        elif isinstance(item.type, type) and is_dataclass(item.type):
            yield from _neutral_paths(item.type, path)


def _one_of(*values: str) -> tuple[str, Callable[[Any], bool]]:
    return "one of " + ", ".join(values), lambda value: value in values


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_POSITIVE = ("1 or more", lambda value: value >= 1)
_NOT_NEGATIVE = ("0 or more", lambda value: value >= 0)
_SHARE = ("between 0 and 1", lambda value: 0 <= value <= 1)
_RULES: list[tuple[str, str, Callable[[Any], bool]]] = [
    ("method", *_one_of("deep_learning", "radiomic")),
    ("slices", *_one_of("max", "three")),
    ("radiomics.features.scale", "more than 0", lambda value: value > 0),
    ("radiomics.features.outliers", "more than 0", lambda value: value > 0),
    ("radiomics.features.bin_count", "2 or more", lambda value: value >= 2),
    ("radiomics.features.bin_width", "more than 0", lambda value: value > 0),
    ("radiomics.selection.significance", "more than 0, at most 1", lambda value: 0 < value <= 1),
    ("radiomics.selection.mrmr", *_POSITIVE),
    ("radiomics.selection.folds", "2 or more", lambda value: value >= 2),
    ("radiomics.selection.penalty", *_one_of("min", "1se")),
    ("radiomics.selection.direction", *_one_of("both", "backward")),
    ("radiomics.missing", *_one_of("error", "exclude")),
    ("radiomics.bootstrap", *_NOT_NEGATIVE),
    ("radiomics.nested", "2 or more", lambda value: value >= 2),
    ("cohort.name", "usable as the name of a folder", lambda name: name not in ("", ".", "..") and "/" not in name),
    ("cohort.label", "a value of the outline, not 0", lambda value: value != 0),
    ("trainer.precision", *_one_of("32-true", "16-mixed", "bf16-mixed")),
    ("endpoint.kind", *_one_of("binary", "landmark", "cox", "hazard")),
    ("endpoint.months", "more than 0", lambda value: value > 0),
    ("endpoint.intervals", *_POSITIVE),
    ("cohort.missing", *_one_of("error", "exclude")),
    ("cohort.mssim", *_SHARE),
    ("cohort.icc", *_SHARE),
    ("split.by", *_one_of("by_centre", "random")),
    ("split.seed", *_NOT_NEGATIVE),
    ("logger.name", *_one_of("csv", "wandb")),
    ("preprocess.size", "between 16 and 4096 pixels", lambda value: 16 <= value <= 4096),
    ("preprocess.crop", *_one_of("none", "roi")),
    ("preprocess.margin", *_NOT_NEGATIVE),
    ("augment.flip", *_SHARE),
    ("augment.rotate", "between 0 and 180 degrees", lambda value: 0 <= value <= 180),
    ("augment.shift", *_SHARE),
    ("augment.intensity", *_SHARE),
    ("network.join", *_one_of("towers", "mean", "stack")),
    ("network.batch_norm.momentum", *_SHARE),
    ("network.batch_norm.epsilon", "more than 0", lambda value: value > 0),
    ("optimizer.lr", "more than 0", lambda value: value > 0),
    ("optimizer.decay", *_NOT_NEGATIVE),
    ("batch_size", *_POSITIVE),
    ("folds", "0, or 2 and more", lambda value: value == 0 or value >= 2),
    ("seed", "between 0 and 4294967295", lambda value: 0 <= value < 2**32),
    ("trainer.max_epochs", *_POSITIVE),
    ("trainer.patience", *_POSITIVE),
    ("trainer.threads", "between 1 and 1024", lambda value: 1 <= value <= 1024),
    ("trainer.limit_train_batches", "a number more than 0", lambda value: _is_number(value) and value > 0),
    ("trainer.overfit_batches", "a number, 0 or more", lambda value: _is_number(value) and value >= 0),
    ("trainer.workers", *_NOT_NEGATIVE),
    ("prognosis.signature", *_one_of("out_of_fold", "in_sample")),
    ("prognosis.cutoff", *_one_of("training", "own", "pooled")),
    ("prognosis.significance", "between 0 and 1", lambda value: 0 < value < 1),
    ("report.tests", *_one_of("paper", "methods")),
    ("report.ci", *_one_of("delong", "logit", "bootstrap")),
    ("report.bootstrap", "100 or more", lambda value: value >= 100),
    ("report.seed", *_NOT_NEGATIVE),
    ("trainer.profiler", *_one_of("simple", "advanced")),
]
