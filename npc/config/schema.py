"""The choices by name and type; their values and reasons are in `conf/`.

Hydra finds the schemas by the names under which they are registered at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from npc.config.fields import (
    at_least,
    between,
    folder_name,
    is_number,
    later,
    must_be,
    neutral,
    one_of,
    positive,
    positive_numbers,
    share,
    some_of,
    text,
)
from npc.names import TUMOUR
from npc.phantom.options import Options


def is_named(value: Any) -> bool:
    """Whether a value is a name, or a list of names; a name may be a number."""
    names = [value] if isinstance(value, str) or is_number(value) else value
    return isinstance(names, Sequence) and all(isinstance(name, str) or is_number(name) for name in names)


@dataclass
class VariableConfig:
    """A clinical variable that the cohort's table holds."""

    kind: str = MISSING  # one of continuous | ordinal | binary | categorical
    levels: list[str] | None = None  # in order
    cut: str | None = None  # such as ">= 4000"
    label: str | None = None  # in tables and figures; null: the column's name with spaces


@dataclass
class CriterionConfig:
    """Which patients of a cohort belong to the study, by the value of one column."""

    column: str = MISSING  # of the table
    keep: Any = MISSING  # levels such as [III, IVa, IVb], or a cut such as ">= 18"
    reason: str = MISSING  # why the other patients are excluded


def is_label(value: Any) -> bool:
    """Whether a value, or each of a list, is a whole number other than 0."""
    values = [value] if is_number(value) else value
    return isinstance(values, Sequence) and bool(values) and all(is_number(v) and v and v % 1 == 0 for v in values)


@dataclass
class CohortConfig:
    """Where the patients come from."""

    _target_: str = MISSING  # reads the source
    name: str = neutral(folder_name())
    root: str = neutral()
    sequences: list[str] = MISSING
    labels: dict[str, str] = neutral(field(default_factory=dict))  # of sequences, in tables and figures
    clinical: dict[str, VariableConfig] | None = neutral(field(default_factory=dict))
    development: str | None = None
    exclude: dict[str, str] = field(default_factory=dict)  # single patients to exclude: id -> reason
    criteria: dict[str, CriterionConfig] = field(default_factory=dict)  # in order: the first not met is the reason
    labelled: bool = neutral(True)  # false: no outcome is known
    sheet: str | None = neutral(None)  # of patients.xlsx; null: the first one
    date_order: str = neutral(one_of("year_first", "day_first", "month_first", default="year_first"))
    missing: str = one_of("error", "exclude", "exclude_any", "mask", default="error")  # sequences of a patient
    label: Any = must_be("a value of the outline, not 0, or a list of such values", is_label, default=None)
    rois: dict[str, int | str] = later(field(default_factory=dict))  # regions by value, or by name of ROI or segment
    by_index: bool = False  # outlines whose header has no position are laid on their image voxel by voxel
    roi: dict[str, str] = field(default_factory=dict)  # name of the ROI by sequence
    size: int = MISSING
    mssim: float = neutral(share(0.9))
    icc: float = neutral(share(0.75))


@dataclass
class BidsCohortConfig(CohortConfig):
    """A data set in the layout of BIDS: patterns of the names of files, by sequence."""

    files: dict[str, str] = field(default_factory=dict)
    masks: dict[str, str] = field(default_factory=dict)


# A synthetic cohort: the phantom's options, as it declares them, are keys of the cohort.
PhantomCohortConfig = make_dataclass(
    "PhantomCohortConfig",
    [(item.name, item.type, field(default=item.default, metadata=item.metadata)) for item in fields(Options)],
    bases=(CohortConfig,),
    namespace={"__module__": __name__},  # where pickle looks for it
)


@dataclass
class EndpointConfig:
    """What is predicted."""

    kind: str = one_of("binary", "landmark", "cox", "hazard")
    event: str = MISSING
    time: str = MISSING
    class_weight: bool = False
    smoothing: float = later(must_be("0 or more, and less than 1", lambda value: 0 <= value < 1, 0.0))  # of the labels
    months: float | None = positive(None)  # of the landmark
    intervals: int | None = at_least(1, None)  # of the hazard
    name: str = neutral("the event")  # in tables and figures
    survival: str = neutral("event-free survival")  # in tables and figures: the time without the event


@dataclass
class SplitConfig:
    """Which patients train, which choose the epoch, which test."""

    by: str = one_of("by_centre", "leave_one_centre_out", "random")
    seed: int = at_least(0, 0)
    validation: float = MISSING
    development: Any = text(must_be("a hospital, or a list of hospitals", is_named, None))
    test: Any = must_be("a share of the patients, or a list of hospitals", lambda v: is_number(v) or is_named(v), 0.0)
    stratify: bool = later(False)  # of by_centre: the validation patients are drawn with their share of events


@dataclass
class PreprocessConfig:
    """From study to network input."""

    size: int = between(16, 4096, "pixels")
    crop: str = one_of("none", "roi", "window")
    margin: float = at_least(0)
    window: float = later(between(1, 1000, "mm", 112.0))  # of crop=window
    equalise: bool = MISSING
    slices: int = later(between(2, 1024, default=16))  # at most, of slices=all


@dataclass
class AugmentConfig:
    """Random changes of the training images."""

    flip: float = share()
    rotate: float = between(0, 180, "degrees")
    shift: float = share()
    intensity: float = share()
    vertical_flip: float = later(share(0.0))
    quarter_turn: float = later(share(0.0))
    scale: float = later(must_be("0 or more, and less than 1", lambda value: 0 <= value < 1, 0.0))
    elastic: float = later(share(0.0))
    gamma: float = later(at_least(0, 0.0))
    noise: float = later(share(0.0))
    batched: bool = later(False)  # one draw for all patients of an epoch; other draws than MONAI's


@dataclass
class BatchNormConfig:
    """Batch normalisation."""

    momentum: float = share()
    epsilon: float = positive()
    recalibrate: bool = MISSING


STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")  # of a ResNet


@dataclass
class NetworkConfig:
    """The network and its first weights."""

    backbone: str = MISSING
    join: str = one_of("towers", "mean", "stack")
    weights: str = MISSING  # scratch | imagenet | a path
    batch_norm: BatchNormConfig = field(default_factory=BatchNormConfig)
    freeze: str = later(one_of("none", *STAGES, default="none"))  # the last stage that is not trained
    size_input: bool = later(False)  # volume and area of the outline join the features
    size_weight: float = later(positive(1.0))  # factor of the standardised sizes
    head: str = later(one_of("random", "zero", default="random"))  # first weights of the last layer
    slices: str = later(one_of("channels", "pooled", default="channels"))  # how three slices are seen
    pool: str = later(one_of("attention", "mean", "area", default="attention"))  # of slices=all, and of pooled slices
    channels_last: bool = later(False)  # the layout of convolutions in memory; sums round otherwise
    compile: bool = later(False)  # by torch.compile; sums round otherwise


@dataclass
class OptimizerConfig:
    """The optimizer and its learning rates."""

    _target_: str = MISSING
    lr: float = positive()
    decay: float = at_least(0)
    schedule: str = later(one_of("decay", "cosine", default="decay"))  # of the learning rate
    warmup: float = later(share(0.0))  # share of the updates, of the schedule cosine
    stage_rate: float = later(must_be("more than 0, at most 1", lambda v: 0 < v <= 1, 1.0))  # factor of each stage
    options: dict[str, Any] = field(default_factory=dict)  # of the class


@dataclass
class TrainerConfig:
    """How long to train, and on which device."""

    max_epochs: int = at_least(1)
    patience: int = at_least(1)
    threads: int = between(1, 1024)
    precision: str = one_of("32-true", "16-mixed", "bf16-mixed")
    limit_train_batches: Any = must_be("a number more than 0", lambda v: is_number(v) and v > 0, 1.0)  # of an epoch
    epoch: str = later(one_of("best", "last", default="best"))  # whose weights predict
    overfit_batches: Any = must_be("a number, 0 or more", lambda v: is_number(v) and v >= 0, 0.0)  # 0: all batches
    accelerator: str = neutral(one_of("auto", "cpu", "gpu", "cuda", "mps"))
    devices: Any = neutral()
    num_nodes: int = neutral(at_least(1, 1))  # machines
    strategy: str = neutral()
    profiler: str | None = neutral(one_of("simple", "advanced", default=None))  # Lightning's
    workers: int = neutral(at_least(0, 0))
    resident: bool = neutral(False)  # slices and augmentation in the memory of a CUDA device
    graph: bool = neutral(False)  # the network's passes as CUDA graphs, on a CUDA device
    checkpoint_every: float = neutral(at_least(0, 0.0))  # seconds; epochs that are not better are kept that often


@dataclass
class LoggerConfig:
    """Where metrics go in addition to the run folder."""

    name: str = one_of("csv", "wandb")
    project: str = "npc"
    entity: str | None = None  # user or team of W&B; null: the default one
    tags: list[str] = field(default_factory=list)  # of the run in W&B


FILTERS = ("original", "wavelet", "square", "squareroot", "logarithm", "exponential", "log")
CLASSES = ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
CHAIN = ("univariate", "mrmr", "lasso", "aic")


@dataclass
class FeaturesConfig:
    """Which radiomic features, from which filtered images."""

    filters: list[str] = some_of(*FILTERS)
    classes: list[str] = some_of(*CLASSES)
    wavelet: str = MISSING
    sigma: list[float] = positive_numbers()  # mm, of the filter log
    normalize: bool = MISSING
    scale: float = positive()
    outliers: float | None = positive(None)
    bin_count: int | None = at_least(2, None)
    bin_width: float | None = positive(None)
    slab: bool = False


@dataclass
class SelectionConfig:
    """How features are selected for the signature."""

    chain: list[str] = must_be(  # in order
        f"some of {', '.join(CHAIN)}, each once",
        lambda steps: set(steps) <= set(CHAIN) and len(set(steps)) == len(steps),
    )
    significance: float = must_be("more than 0, at most 1", lambda value: 0 < value <= 1)
    mrmr: int = at_least(1)
    folds: int = at_least(2)
    penalty: str = one_of("min", "1se")
    direction: str = one_of("both", "backward")


@dataclass
class RadiomicsConfig:
    """The radiomic arm."""

    features: FeaturesConfig = field(default_factory=FeaturesConfig)
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    combat: bool = False
    missing: str = one_of("error", "exclude")  # exclude: patients whose features cannot be computed
    bootstrap: int = at_least(0)
    nested: int = at_least(2)
    repeats: int = later(at_least(1, 1))  # of the nested cross-validation


@dataclass
class EnsembleConfig:
    """Several networks whose risks are averaged."""

    folds: int = at_least(2)
    seeds: list[int] | None = must_be(
        "one or more different numbers between 0 and 4294967295",
        lambda seeds: (
            bool(seeds)
            and all(isinstance(seed, int) and 0 <= seed < 2**32 for seed in seeds)  # an element may be a list
            and len(set(seeds)) == len(seeds)
        ),
        None,
    )
    inner: float = between(0, 0.5)
    validation: str = one_of("choose", "join")


@dataclass
class EncoderConfig:
    """An encoder whose weights are fixed, and the regression on its features."""

    library: str = one_of("torchvision", "timm", "monai", "texture")
    model: str = MISSING
    weights: str | None = MISSING  # scratch | imagenet (torchvision) | pretrained (timm) | a path
    dimensions: int = must_be("2 or 3", lambda value: value in (2, 3))
    channels: int = must_be("1 or 3", lambda value: value in (1, 3))
    input_size: int | None = between(16, 4096, "pixels", default=None)
    mean: list[float] | None = must_be("a list of numbers", lambda values: all(map(is_number, values)), None)
    sd: list[float] | None = positive_numbers(None)
    source: str | None = neutral(None)
    licence: str | None = neutral(None)
    threads: int = between(1, 1024)
    folds: int = at_least(2)
    nested: int = at_least(2)
    pool: str = later(one_of("mean", "area", default="mean"))  # weights of a patient's slices
    size_input: bool = later(False)  # volume and area of the outline join the features


@dataclass
class TrainConfig:
    """Every choice of `train.py`."""

    method: str = one_of("deep_learning", "ensemble", "radiomic", "frozen")

    cohort: CohortConfig = MISSING
    endpoint: EndpointConfig = MISSING
    split: SplitConfig = MISSING
    sequence: str = MISSING
    region: str = later(TUMOUR)  # checked with cohort.rois (npc.config.regions)
    slices: str = one_of("max", "three", "all")
    preprocess: PreprocessConfig = MISSING
    augment: AugmentConfig = MISSING
    network: NetworkConfig = MISSING
    optimizer: OptimizerConfig = MISSING
    trainer: TrainerConfig = MISSING
    radiomics: RadiomicsConfig = MISSING
    ensemble: EnsembleConfig = MISSING
    encoder: EncoderConfig = MISSING
    batch_size: int = at_least(1)
    seed: int = between(0, 2**32 - 1)
    logger: LoggerConfig = neutral()
    runs: str = neutral()
    store: str = neutral()
    force: bool = neutral(False)
    folds: int = neutral(must_be("0, or 2 and more", lambda value: value == 0 or value >= 2, 0))
    controls: bool = neutral(False)
    permutations: int = neutral(at_least(0, 0))
    refit: str | None = neutral(None)


@dataclass
class PrognosisConfig:
    """How models are built from signatures and clinical variables."""

    signature: str = one_of("out_of_fold", "in_sample")
    cutoff: str = one_of("training", "own", "pooled")
    significance: float = must_be("between 0 and 1", lambda value: 0 < value < 1)
    treatment: str | None = None  # the clinical variable whose first level is the standard treatment
    nested: int = at_least(2, 5)  # folds of the cross-validation that judges the whole choice
    repeats: int = at_least(0, 5)  # of it
    optimism: int = at_least(0, 100)  # bootstrap samples
    imputations: int = must_be("0, or 2 and more", lambda value: value == 0 or value >= 2, 0)


@dataclass
class ReportConfig:
    """How statistics are reported."""

    tests: str = one_of("paper", "methods")
    ci: str = one_of("logit", "delong", "bootstrap")
    bootstrap: int = at_least(100)
    seed: int = at_least(0)
    horizon: float = positive()  # months
    permutations: int = at_least(100, 1000)
    patients: bool = True  # the page has a table of the patients, and their images


@dataclass
class EvaluateConfig:
    """Every choice of `evaluate.py`."""

    cohort: CohortConfig = MISSING
    endpoint: EndpointConfig = MISSING
    split: SplitConfig = MISSING
    runs: str = MISSING
    reports: str = MISSING
    name: str = folder_name()
    variants: list[str] | None = None  # null: all
    prognosis: PrognosisConfig = MISSING
    report: ReportConfig = MISSING


ConfigStore.instance().store(name="schema", node=TrainConfig)
ConfigStore.instance().store(name="evaluate_schema", node=EvaluateConfig)
ConfigStore.instance().store(name="bids_schema", node=BidsCohortConfig)
ConfigStore.instance().store(name="phantom_schema", node=PhantomCohortConfig)
