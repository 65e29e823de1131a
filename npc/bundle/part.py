"""A signature in a bundle: its settings as plain values and its numbers as tensors."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from omegaconf import OmegaConf

from npc.config.method_schema import PreprocessConfig
from npc.imaging.input_settings import Preprocess, preprocess_settings
from npc.prognosis.runs import Run
from npc.run.method import UNLABELLED

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Part:
    """One signature.

    Attributes:
        settings: `method`, `sequences`, `slices`, `preprocess`, `batches` and what else its method reads.
        weights: a file of safetensors.
    """

    settings: Mapping[str, Any]
    weights: bytes

    @property
    def sequences(self) -> tuple[str, ...]:
        """In the order in which they are joined."""
        return tuple(self.settings["sequences"])

    @property
    def preprocess(self) -> Preprocess:
        """Settings of the slices."""
        given = OmegaConf.merge(OmegaConf.structured(PreprocessConfig), self.settings["preprocess"])
        return preprocess_settings(OmegaConf.create({"slices": self.settings["slices"], "preprocess": given}))

    @cached_property
    def tensors(self) -> dict[str, "Tensor"]:
        """The weights by name."""
        from safetensors.torch import load

        return load(self.weights)


def batches(split: pd.Series) -> str:
    """The batches of the training run as a digit for each patient, in the order of their ids.

    Sums of another batch round otherwise: with these digits the same cohort gets the same bytes. They say nothing else.

    Args:
        split: by patient.
    """
    ordered = split.sort_index()
    return "".join(str(place) for place in pd.factorize(ordered, sort=True)[0])


def batch_of(digits: str, patients: pd.Index) -> list[str]:
    """The batch of each patient: as in the training run if the number of patients is the same, else one for all."""
    return list(digits) if len(digits) == len(patients) else ["0"] * len(patients)


def splits(run: Run) -> pd.Series:
    """The split of every patient whom a run predicted; those without label are a group of their own."""
    lost = run.unlabelled()
    known = run.predictions["split"]
    return known if lost is None else pd.concat([known, pd.Series(UNLABELLED, lost.index)])
