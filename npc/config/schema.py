"""The choices of `train.py` and `evaluate.py` by name and type; their values and reasons are in `conf/`.

Hydra finds the schemas by the names under which they are registered at the end.
"""

from dataclasses import dataclass

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from npc.config.cohort_schema import BidsCohortConfig, CohortConfig, EndpointConfig, PhantomCohortConfig, SplitConfig
from npc.config.fields import at_least, between, folder_name, later, must_be, neutral, one_of, positive
from npc.config.method_schema import (
    AugmentConfig,
    EncoderConfig,
    EnsembleConfig,
    LoggerConfig,
    NetworkConfig,
    OptimizerConfig,
    PreprocessConfig,
    RadiomicsConfig,
    TrainerConfig,
)
from npc.names import TUMOUR


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
