"""The choices of a method by name and type: images, networks and their training, radiomics, encoders."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from npc.config.fields import (
    at_least,
    between,
    is_number,
    later,
    must_be,
    neutral,
    one_of,
    positive,
    positive_numbers,
    share,
    some_of,
)


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
