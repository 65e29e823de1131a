"""AUC of a whole way of making a model, judged on the patients from whom the model is made.

Repeated cross-validation in which everything is chosen and fitted again without the fold, and Harrell's bootstrap: the
optimism is the mean, over bootstrap samples, of the AUC in the sample less that in all patients, both of the model made
from the sample (Harrell, Lee and Mark, Statistics in Medicine 1996; Steyerberg et al., J Clin Epidemiol 2001).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import StratifiedKFold

from npc.statistics import NotEstimable
from npc.statistics.delong import auc
from npc.statistics.inputs import binary, both_classes
from npc.statistics.spread import Spread, spread

SHARE = 0.9  # of the repeats or samples must have a model

# Makes models from some patients (their rows, of a bootstrap sample repeated) and gives the risks of others:
# (rows fitted, rows predicted) -> (rows predicted, models), NaN of a model that can't be made.
Maker = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class NestedCv:
    """AUC by cross-validation.

    Attributes:
        folds: of each repeat.
        auc: over the repeats, each the mean of its folds: risks of different folds come from different models, and
            pooled they would rank the fold with fewer events above the others.
    """

    folds: int
    auc: Spread


@dataclass(frozen=True)
class Optimism:
    """AUC corrected by the bootstrap.

    Attributes:
        apparent: of the model in the patients from whom it is made.
        optimism: by which that is too high.
        samples: of the bootstrap that have a model.
    """

    apparent: float
    optimism: float
    samples: int

    @property
    def corrected(self) -> float:
        """Apparent less optimism."""
        return self.apparent - self.optimism


def nested_cross_validation(
    label: ArrayLike, make: Maker, *, folds: int, repeats: int, seed: int
) -> list[NestedCv | NotEstimable]:
    """By model.

    Args:
        label: 0 or 1, (patients,).
        make: makes the models.
        folds: stratified by the label.
        repeats: with other folds each.
        seed: of the folds.

    Raises:
        NotEstimable: a class has fewer patients than there are folds.
    """
    y = binary(label)
    if (least := int(min(y.sum(), (~y).sum()))) < folds:
        raise NotEstimable(f"{least} patients of a class are fewer than the {folds} folds")
    means = []
    for repeat in range(repeats):
        draws = StratifiedKFold(folds, shuffle=True, random_state=seed + repeat).split(y, y)
        means.append(np.mean([_aucs(y[out], make(fitted, out)) for fitted, out in draws], axis=0))
    return [_repeated(of, folds) for of in np.array(means).T]


def bootstrap_optimism(label: ArrayLike, make: Maker, *, samples: int, seed: int) -> list[Optimism | NotEstimable]:
    """By model.

    Args:
        label: 0 or 1, (patients,).
        make: makes the models.
        samples: of the bootstrap; one without patients of both classes is drawn again.
        seed: of the samples.

    Raises:
        NotEstimable: one class only.
    """
    y = binary(label)
    both_classes(y, "an AUC")
    rng, everyone = np.random.default_rng(seed), np.arange(len(y))
    apparent = _aucs(y, make(everyone, everyone))
    differences: list[np.ndarray] = []
    while len(differences) < samples:
        drawn = np.sort(rng.integers(0, len(y), len(y)))
        if y[drawn].all() or not y[drawn].any():
            continue
        risks = make(drawn, everyone)
        differences.append(_aucs(y[drawn], risks[drawn]) - _aucs(y, risks))
    return [_corrected(*of) for of in zip(apparent, np.array(differences).T, strict=True)]


def optimism_of(apparent: float, differences: ArrayLike) -> Optimism:
    """From the difference of AUCs of each bootstrap sample.

    Args:
        apparent: AUC of the model in the patients from whom it is made.
        differences: in the sample less in all patients, (samples,).
    """
    values = np.asarray(differences, dtype=float)
    return Optimism(float(apparent), float(values.mean()), len(values))


def _aucs(y: np.ndarray, risks: np.ndarray) -> np.ndarray:
    return np.array([np.nan if np.isnan(risk).any() else auc(y, risk) for risk in risks.T])


def _repeated(means: np.ndarray, folds: int) -> NestedCv | NotEstimable:
    made = np.isfinite(means)
    return NestedCv(folds, spread(means[made])) if made.mean() >= SHARE else _too_few(made, "repeats")


def _corrected(apparent: float, differences: np.ndarray) -> Optimism | NotEstimable:
    made = np.isfinite(differences)
    if not np.isfinite(apparent):
        return NotEstimable("the model can't be made from all patients")
    return optimism_of(apparent, differences[made]) if made.mean() >= SHARE else _too_few(made, "bootstrap samples")


def _too_few(made: np.ndarray, of: str) -> NotEstimable:
    return NotEstimable(f"in {(~made).sum()} of {len(made)} {of} the model can't be made")
