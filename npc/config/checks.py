"""Checks that types cannot express: each value against the bound of its field, then the choices against each other."""

from dataclasses import is_dataclass

from omegaconf import DictConfig, OmegaConf

from npc.config.fields import bound_faults
from npc.errors import InputError


def check(config: DictConfig) -> None:
    """Checks the choices of `train.py`.

    Raises:
        InputError: naming every key whose value cannot be used.
    """
    _check_given(config)
    faults = value_faults(config)
    sequences = list(config.cohort.sequences)
    known = [*sequences, *(["both"] if len(sequences) == 2 else [])]
    if not config.cohort.labelled:
        faults.append(
            f"cohort.labelled=false: the outcomes of {config.cohort.name} are not known, so no model can be trained; "
            "use npc cohort check or flow with it, or train on another cohort"
        )
    if config.sequence not in known:
        faults.append(f"sequence={config.sequence}: the cohort {config.cohort.name} has {', '.join(known)}")
    needed = {"landmark": "months", "hazard": "intervals"}.get(config.endpoint.kind)
    if needed and config.endpoint[needed] is None:
        faults.append(f"endpoint.{needed}: no value; endpoint.kind={config.endpoint.kind} needs one")
    if config.method == "radiomic":
        faults += feature_faults(config) + _radiomic_faults(config)
    if config.endpoint.class_weight and config.endpoint.kind in ("cox", "hazard"):
        faults.append(f"endpoint.class_weight=true: has no effect with endpoint.kind={config.endpoint.kind}; remove it")
    if faults:
        raise InputError(faults)


def check_evaluate(config: DictConfig) -> None:
    """As `check`, for `evaluate.py`."""
    _check_given(config)
    if faults := value_faults(config):
        raise InputError(faults)


def value_faults(config: DictConfig, group: str = "") -> list[str]:
    """The faults of single values; a key without a value is skipped, because the command may not need it.

    Args:
        config: of `train.py` or `evaluate.py`, or a group of it; typed by its schema.
        group: the prefix of its keys, such as `cohort.`.
    """
    schema = OmegaConf.get_type(config)
    if schema is None or not is_dataclass(schema):  # a dictionary of the user's own
        return []
    values = {str(key): OmegaConf.select(config, str(key)) for key in config}
    faults = list(bound_faults(schema, values, lambda key, value: f"{group}{key}={value}"))
    for key, value in values.items():
        if isinstance(value, DictConfig):
            faults += value_faults(value, f"{group}{key}.")
    return faults


def feature_faults(config: DictConfig) -> list[str]:
    """Why radiomic features cannot be computed with these choices."""
    faults = []
    features = config.radiomics.features
    if ("log" in features.filters) != bool(features.sigma):
        faults.append(
            "radiomics.features.sigma: the filter log needs it, and no other filter uses it; give for instance "
            "sigma=[2,4] (mm) with log, or sigma=[] without it"
        )
    if (features.bin_count is None) == (features.bin_width is None):
        faults.append("radiomics.features: give bin_count or bin_width, and null for the other")
    return faults


def _radiomic_faults(config: DictConfig) -> list[str]:
    """Why a radiomic signature cannot be made with these choices."""
    faults = []
    if config.endpoint.kind not in ("binary", "landmark") or config.endpoint.class_weight:
        faults.append(
            "endpoint: a radiomic signature is a logistic regression on a label; use endpoint=binary or landmark "
            "without class_weight"
        )
    if config.folds or config.refit:
        faults.append(
            "folds, refit: a radiomic run has its out-of-fold risks already, from radiomics.nested folds; remove folds "
            "and refit"
        )
    return faults


def _check_given(config: DictConfig) -> None:
    OmegaConf.resolve(config)
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        raise InputError([f"{key}: no value; give one with {key}=..." for key in missing])
