"""Choices composed from `conf/`, or taken from a finished run."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from npc.config.checks import check
from npc.config.cohort_schema import BidsCohortConfig, CohortConfig, PhantomCohortConfig, SplitConfig
from npc.config.key import run_key
from npc.config.messages import composing
from npc.config.schema import TrainConfig
from npc.config.values import sequence_name
from npc.config.words import readable
from npc.errors import InputError

_CHECKOUT = Path(__file__).resolve().parents[2]
# `train.py`, `evaluate.py`, `conf/` and `sweeps/`: of the checkout, or the copies that a wheel carries in the package
HOME = _CHECKOUT if (_CHECKOUT / "train.py").exists() else Path(__file__).resolve().parents[1] / "home"
CONFIGS = HOME / "conf"


def compose(overrides: Sequence[str], resolve: bool = True) -> DictConfig:
    """The choices that `train.py` would have with these overrides.

    Raises:
        InputError: Hydra cannot compose them: a key that does not exist, or a value of the wrong type.
    """
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir

    if not CONFIGS.is_dir():
        raise InputError(
            f"{CONFIGS}: this folder of configs is missing; install npc again (`make setup` in a checkout)"
        )
    with composing(overrides), initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = hydra_compose("train", readable(overrides))
        if resolve:
            OmegaConf.resolve(config)
    return config


def is_group(key: str) -> bool:
    """Whether the key chooses a file of `conf/`, as in `optimizer=adam`."""
    return (CONFIGS / key).is_dir()


def checked(config: DictConfig) -> DictConfig:
    """The choices of a run: those given, or of the run that `refit` names; checked.

    Raises:
        InputError: see `of_run` and `npc.config.checks.check`.
    """
    config = of_run(config)
    check(config)
    config.sequence = sequence_name(config)
    return config


def of_run(config: DictConfig) -> DictConfig:
    """The choices of the finished run that `refit` names; unchanged without `refit`.

    What is made in addition to the run, `folds`, `controls` and `permutations`, is of this call.

    Raises:
        InputError: the run does not exist, or its choices have another run key today.
    """
    if not config.refit:
        return config
    folder = Path(config.refit).expanduser()
    if not (folder / "DONE").exists():
        raise InputError(f"refit={config.refit}: there is no finished run; give a folder runs/<cohort>/<variant>/<key>")
    try:
        own = {key: config[key] for key in ("folds", "controls", "permutations")}
        own |= {"runs": str(folder.resolve().parents[2]), "force": False, "refit": None}
        saved = cast(DictConfig, OmegaConf.load(folder / "config.yaml"))
        older = OmegaConf.merge(config, {"split": OmegaConf.structured(SplitConfig)})  # keys that the run may lack
        older.cohort = OmegaConf.structured(_schema(saved.cohort))  # those of the run's source, not of the default one
        OmegaConf.set_struct(older, False)  # so that the variables and patients of the run can be added
        choices = cast(DictConfig, OmegaConf.merge(older, saved, own))
    except (OSError, YAMLError, OmegaConfBaseException) as error:
        raise InputError(f"{folder / 'config.yaml'}: cannot be read as the choices of a run ({error})") from None
    if run_key(choices) != folder.name:
        raise InputError(f"refit={config.refit}: the run was made by another version of npc; train it again")
    return choices


def of_finished(folder: Path) -> DictConfig:
    """The choices of a finished run; what its version of npc did not know has its default."""
    known = cast(dict[str, Any], OmegaConf.to_container(OmegaConf.structured(TrainConfig)))
    known.pop("cohort")  # those of the run's source
    return cast(DictConfig, OmegaConf.merge(known, OmegaConf.load(folder / "config.yaml")))


def _schema(cohort: DictConfig) -> type:
    """The schema of a source: the smallest that has all its keys."""
    known = (CohortConfig, BidsCohortConfig, PhantomCohortConfig)
    return next((one for one in known if set(cohort) <= {item.name for item in fields(one)}), PhantomCohortConfig)
