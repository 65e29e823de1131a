"""The meaning of a network's output: loss and risk for each kind of endpoint.

An output has shape (batch, outputs); each of several signatures has its own. `binary` and `landmark` differ only in
their label (`npc.cohort.label`); `cox` and `hazard` use the time and account for censoring.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid


class Outcome(NamedTuple):
    """Outcome of a batch: label 0 or 1, months to event or censoring, and event 0 or 1, each (batch,)."""

    label: Tensor
    time: Tensor
    event: Tensor


class Endpoint(Protocol):
    """A kind of endpoint."""

    outputs: int

    def loss(self, output: Tensor, outcome: Outcome) -> Tensor:
        """Mean loss of a batch; output (batch, outputs)."""

    def risk(self, output: Tensor) -> Tensor:
        """Risk (batch,); a higher value means a worse prognosis."""


@dataclass(frozen=True)
class Binary:
    """Event or no event: cross-entropy; the risk is the probability of the event.

    Attributes:
        event_weight: weight of patients with the event in the loss; 1 weights all patients equally.
        smoothing: of the labels (Szegedy et al., CVPR 2016): with 0.1 the targets are 0.05 and 0.95.
    """

    event_weight: float = 1.0
    outputs: int = 1
    smoothing: float = 0.0

    def loss(self, output: Tensor, outcome: Outcome) -> Tensor:
        """Binary cross-entropy."""
        weight = output.new_full((), self.event_weight)  # filled on its device, where a CUDA graph can repeat it
        target = outcome.label.to(output.dtype) * (1 - self.smoothing) + self.smoothing / 2
        return binary_cross_entropy_with_logits(output[:, 0], target, pos_weight=weight)

    def risk(self, output: Tensor) -> Tensor:
        """Probability."""
        return torch.sigmoid(output[:, 0])


@dataclass(frozen=True)
class Cox:
    """Proportional hazards: the risk is the log relative hazard.

    The loss is the negative log partial likelihood (Efron's ties, torchsurv) of the patients of a batch, so the
    risk sets are those within the batch; the loss of a batch without an event is 0.
    """

    outputs: int = 1

    def loss(self, output: Tensor, outcome: Outcome) -> Tensor:
        """Negative log partial likelihood for each event."""
        from torchsurv.loss.cox import neg_partial_log_likelihood

        event = outcome.event.bool()
        if not event.any():
            return output.sum() * 0
        # torchsurv's own mean is over the distinct months, which are fewer than the events where there are ties
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about ties
            total = neg_partial_log_likelihood(output[:, 0], event, outcome.time.to(output.dtype), reduction="sum")
        return total / event.sum()

    def risk(self, output: Tensor) -> Tensor:
        """Log relative hazard."""
        return output[:, 0]


@dataclass(frozen=True)
class Hazard:
    """Discrete-time hazards, logistic in each interval (Gensheimer and Narasimhan, PeerJ 2019).

    Attributes:
        cuts: months at which the intervals end; follow-up beyond the last one is not used.
    """

    cuts: Sequence[float]

    @property
    def outputs(self) -> int:
        """One output for each interval."""
        return len(self.cuts)

    def loss(self, output: Tensor, outcome: Outcome) -> Tensor:
        """Negative log likelihood of the intervals that a patient survived, and of the one with the event.

        The interval in which a patient is censored does not contribute.
        """
        ends = output.new_tensor(self.cuts)
        starts = torch.cat([ends.new_zeros(1), ends[:-1]])
        time = outcome.time.to(output.dtype)[:, None]
        survived = (time >= ends).to(output.dtype)
        failed = ((time >= starts) & (time < ends) & outcome.event.bool()[:, None]).to(output.dtype)
        return -(survived * logsigmoid(-output) + failed * logsigmoid(output)).sum(dim=1).mean()

    def risk(self, output: Tensor) -> Tensor:
        """Probability of the event before the last cut."""
        return 1 - torch.exp(logsigmoid(-output).sum(dim=1))


def hazard_cuts(time: ArrayLike, event: ArrayLike, intervals: int) -> tuple[float, ...]:
    """Months that divide the training patients' events evenly; the last interval ends just after the last event.

    Args:
        time: of the training patients, months.
        event: 0 or 1.
        intervals: their number; there are fewer where several events share a month.
    """
    months = np.asarray(time, dtype=float)[np.asarray(event) == 1]
    # in the precision of a batch's months, so that a month equal to a cut is always on the same side
    cuts = np.unique(np.quantile(months, np.arange(1, intervals + 1) / intervals).astype(np.float32))
    cuts[-1] = np.nextafter(cuts[-1], np.float32(np.inf))
    return tuple(map(float, cuts))
