"""Terms of a logistic regression, chosen step by step by Akaike's criterion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from npc.statistics import NotEstimable
from npc.statistics.inputs import labelled
from npc.statistics.logistic import Logistic, logistic
from npc.statistics.separation import separation

GAIN = 1e-7  # a step must lower the AIC by more, as in R's step
TIED = 1e-9  # figures nearer than this are tied, and the first is taken
MAX_STEPS = 50
DEPENDENT = 1e-6  # what is left of a term of SD 1 beside the others, where it follows from them

CONSTANT = "does not vary"
FOLLOWS = "follows from other terms"
SEPARATES = "separates the classes, so that no maximum exists"
FEW = "more terms than events allow"


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        sign: `+` or `-`, empty at the start.
        term: the column added or dropped; None at the start.
        aic: of the model after it.
    """

    sign: str
    term: int | None
    aic: float


@dataclass(frozen=True)
class Stepwise:
    """What was chosen, and how.

    Attributes:
        terms: columns in the order of the model: those of the start in the order given, then as added.
        path: the start and every step.
        fit: the model; its AIC is that of the last step.
        left_out: why a column could not be in the model at a step where it was wanted, or at all.
    """

    terms: list[int]
    path: list[Step]
    fit: Logistic
    left_out: dict[int, str]


def stepwise_aic(label: ArrayLike, x: ArrayLike, direction: str, start: Sequence[int] | None = None) -> Stepwise:
    """Adds or drops the one term that lowers the AIC most, until none does; as R's `MASS::stepAIC` with k = 2.

    Unlike there, every model on the way is estimable: a term that follows from the others, or that separates the
    classes, is not added, and no model has as many terms as the rarer class has patients. Of tied steps a drop goes
    before an addition, and the first column before later ones.

    Args:
        label: 0 or 1, (patients,).
        x: (patients, terms).
        direction: `backward` drops only; `both` drops and adds.
        start: columns of the first model. None: `backward` starts from all that `estimable` leaves, `both` from the
            intercept alone.

    Raises:
        NotEstimable: one class only, or the given start is not estimable.
    """
    if direction not in ("backward", "both"):
        raise ValueError(f"direction must be backward or both, not {direction}")
    y, columns = _standardised(label, x)
    left_out = {int(term): CONSTANT for term in np.flatnonzero(~columns.any(axis=0))}
    terms = [] if start is None else [int(term) for term in start]
    if start is None and direction == "backward":
        terms, left_out = estimable(label, x, separated=False)
    elif len(_independent(columns, terms)) < len(terms) or separation(y, _design(columns, terms)):
        raise NotEstimable("the first model of the stepwise search is not estimable")
    aic = _aic(y, columns, [terms])[0]
    path = [Step("", None, aic)]
    barred: set[int] = set()  # what separates the classes does so beside further terms, too
    while True:
        moves = [("-", term, [other for other in terms if other != term]) for term in sorted(terms)]
        aics = _aic(y, columns, [model for _, _, model in moves])
        if direction == "both":
            addable, reasons = _addable(columns, terms)
            left_out |= reasons
            more = [[*terms, term] for term in addable if term not in barred]
            moves += [("+", model[-1], model) for model in more]
            aics = np.append(aics, _aic(y, columns, more))
        for index in _in_order(aics)[: np.sum(aics < aic - GAIN)]:
            sign, term, model = moves[index]
            why = None if sign == "-" else _obstacle(y, columns, model)
            if why is None:
                terms, aic = model, float(aics[index])
                path.append(Step(sign, term, aic))
                barred = set() if sign == "-" else barred
                break
            left_out[term] = why
            barred.add(term)
        else:
            break
    fit = logistic(y, np.asarray(x, dtype=float)[:, terms])
    return Stepwise(terms, path, fit, {term: why for term, why in sorted(left_out.items()) if term not in terms})


def estimable(label: ArrayLike, x: ArrayLike, separated: bool) -> tuple[list[int], dict[int, str]]:
    """Columns that one logistic regression can hold together.

    They are taken by the likelihood that each has alone, greatest first, unless a column follows from those taken, up
    to one fewer than the rarer class has patients; unless separated is true, one that would separate the classes is
    skipped.

    Args:
        label: 0 or 1, (patients,).
        x: (patients, terms).
        separated: whether separated classes will do (Firth's likelihood has a maximum then).

    Returns:
        The columns, in the order given, and why each other one is left out.

    Raises:
        NotEstimable: one class only.
    """
    y, columns = _standardised(label, x)
    varies = np.flatnonzero(columns.any(axis=0))
    left_out = {int(term): CONSTANT for term in np.flatnonzero(~columns.any(axis=0))}
    order = [int(varies[index]) for index in _in_order(_aic(y, columns, [[int(term)] for term in varies]))]
    apart = _independent(columns, order)
    left_out |= {term: FOLLOWS for term in order if term not in apart}
    taken = apart[: _most(y)]
    if not separated and separation(y, _design(columns, taken)):
        taken = []
        for term in apart:
            if (why := _obstacle(y, columns, [*taken, term])) is None:
                taken.append(term)
            else:
                left_out[term] = why
    else:
        left_out |= dict.fromkeys(apart[_most(y) :], FEW)
    return sorted(taken), dict(sorted(left_out.items()))


def _standardised(label: ArrayLike, x: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and columns of mean 0 and SD 1, of zeros where constant."""
    events, terms = labelled(label, x)
    if events.all() or not events.any():
        raise NotEstimable("all patients are of one class")
    return events.astype(float), (terms - terms.mean(axis=0)) / np.where(
        np.ptp(terms, axis=0) == 0, np.inf, terms.std(axis=0)
    )


def _most(y: np.ndarray) -> int:
    return int(min(y.sum(), len(y) - y.sum())) - 1


def _obstacle(y: np.ndarray, columns: np.ndarray, terms: list[int]) -> str | None:
    if len(terms) > _most(y):
        return FEW
    return SEPARATES if separation(y, _design(columns, terms)) else None


def _design(columns: np.ndarray, terms: Sequence[int]) -> np.ndarray:
    return np.column_stack([np.ones(len(columns)), columns[:, list(terms)]])


def _in_order(aics: np.ndarray) -> np.ndarray:
    return np.argsort(np.rint(aics / TIED), kind="stable")


def _independent(columns: np.ndarray, terms: Sequence[int]) -> list[int]:
    """Those terms, in order, that do not follow from the ones before."""
    basis = np.empty((len(columns), 0))
    taken: list[int] = []
    for term in terms:
        rest = _beside(basis, columns[:, [term]])[:, 0]
        if (length := np.linalg.norm(rest)) > DEPENDENT * np.sqrt(len(rest)):
            basis = np.column_stack([basis, rest / length])
            taken.append(term)
    return taken


def _beside(basis: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """What is left of columns beside an orthonormal basis; twice, for the rounding of the first."""
    for _ in range(2):
        columns = columns - basis @ (basis.T @ columns)
    return columns


def _addable(columns: np.ndarray, terms: list[int]) -> tuple[list[int], dict[int, str]]:
    """Terms that do not follow from those of the model, and why the others can't be added."""
    others = np.setdiff1d(np.flatnonzero(columns.any(axis=0)), terms)
    left = np.linalg.norm(_beside(np.linalg.qr(columns[:, terms])[0], columns[:, others]), axis=0)
    follows = left <= DEPENDENT * np.sqrt(len(columns))
    return others[~follows].tolist(), {int(term): FOLLOWS for term in others[follows]}


def _aic(y: np.ndarray, columns: np.ndarray, models: list[list[int]]) -> np.ndarray:
    """AIC of models of as many terms each, fitted side by side by Newton's steps, halved until the likelihood rises.

    With separated classes the likelihood has no maximum; its limit, 0 or above, is then nearly reached.
    """
    if not models:
        return np.empty(0)
    designs = np.ones((len(models), len(y), len(models[0]) + 1))
    designs[:, :, 1:] = np.moveaxis(columns[:, np.array(models, dtype=int).reshape(len(models), -1)], 0, 1)
    ridge = 1e-10 * np.eye(designs.shape[2])
    beta = np.zeros((*designs.shape[::2], 1))
    beta[:, 0] = np.log(y.mean() / (1 - y.mean()))
    likelihood = _log_likelihood(y, designs @ beta)
    going = np.arange(len(models))
    for _ in range(MAX_STEPS):
        design, at, value = designs[going], beta[going], likelihood[going]
        chance, turned = expit(design @ at), design.transpose(0, 2, 1)
        information = (turned * (chance * (1 - chance)).transpose(0, 2, 1)) @ design
        move = np.linalg.solve(information + ridge, turned @ (y[:, None] - chance))
        for _ in range(MAX_STEPS):
            moved = _log_likelihood(y, design @ (at + move))
            if not (worse := moved < value - 1e-10).any():
                break
            move[worse] /= 2
        beta[going], likelihood[going] = at + move, moved
        if not len(going := going[moved - value > TIED / 10]):
            break
    return 2 * (designs.shape[2] - likelihood)


def _log_likelihood(y: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return (y @ scores)[:, 0] - np.logaddexp(0, scores).sum(axis=(1, 2))
