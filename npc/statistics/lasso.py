"""Logistic regression with an L1 penalty: its path over penalties, and the penalty chosen by cross-validation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, xlogy

from npc.statistics import NotEstimable
from npc.statistics.inputs import labelled

PENALTIES = 100
LEAST_GAIN, ALMOST_ALL, AT_LEAST = 1e-5, 0.999, 5  # glmnet.control: fdev, devmax, mnlam
CLIP = 1e-5  # of risks, before their deviance is taken: glmnet's lognet
TOLERANCE = 1e-8  # KKT residual at which a fit is done
MAX_STEPS = 200
RIDGE = 1e-11  # of the mean information, so that repeated columns can be solved for


@dataclass(frozen=True)
class LassoPath:
    """Fits at falling penalties.

    Attributes:
        penalty: lambda, (penalties,); of the mean log likelihood, with columns scaled to population SD 1.
        intercept: log odds, (penalties,).
        coefficient: log odds per unit of the columns as given, (penalties, terms).
        explained: share of the null deviance, (penalties,).
    """

    penalty: np.ndarray
    intercept: np.ndarray
    coefficient: np.ndarray
    explained: np.ndarray

    def probability(self, x: ArrayLike) -> np.ndarray:
        """Probability of the event, (penalties, patients).

        Args:
            x: (patients, terms).
        """
        return expit(self.intercept[:, None] + self.coefficient @ np.asarray(x, dtype=float).T)


@dataclass(frozen=True)
class CrossValidated:
    """A path and its deviance on patients outside the fits.

    Attributes:
        path: of all patients.
        deviance: mean over folds of a patient's deviance, -2 log likelihood, (penalties,).
        error: its standard error over the folds, (penalties,).
        minimum: index of the penalty with the least deviance.
        within_one_error: index of the greatest penalty whose deviance is within one standard error of that.
    """

    path: LassoPath
    deviance: np.ndarray
    error: np.ndarray
    minimum: int
    within_one_error: int


def lasso(label: ArrayLike, x: ArrayLike, penalty: ArrayLike | None = None) -> LassoPath:
    """Fits as R's glmnet: minimises -log likelihood / n + lambda * sum |coefficient| of columns of population SD 1.

    The intercept bears no penalty (Friedman, Hastie and Tibshirani, J Stat Softw 2010;33(1)). Solved by proximal
    Newton steps (Lee, Sun and Saunders, SIAM J Optim 2014;24:1420-43) whose quadratic problems are solved exactly on
    the active columns (feature-sign search: Lee, Battle, Raina and Ng, NIPS 2006). Of columns that repeat one
    another any split of the coefficient is a solution; one of them is given.

    Args:
        label: 0 or 1, (patients,).
        x: (patients, terms); a column that does not vary has coefficient 0.
        penalty: lambdas, more than 0, falling. None: glmnet's 100 from `largest_penalty` down to 1e-4 of it (1e-2
            with fewer patients than terms), ended as glmnet ends them: where the last gains less than 1e-5 of the
            explained deviance, or 0.999 is explained.

    Raises:
        NotEstimable: one class only, no convergence, or no column that varies to take the penalties from.
    """
    y, design, centre, scale = _standardised(label, x)
    given = None if penalty is None else np.atleast_1d(np.asarray(penalty, dtype=float))
    if given is not None and ((given <= 0).any() or (np.diff(given) >= 0).any()):
        raise ValueError("penalties must be more than 0, and fall")
    grid = _grid(y, design) if given is None else given
    null = _null(y, design)
    fits, explained, without = [null], [0.0], _loss(y, design @ null)
    for index, value in enumerate(grid):
        beta, loss = _solve(y, design, value, _ahead(fits, grid, index))
        fits.append(beta)
        explained.append(1 - loss / without)
        gain = explained[-1] - explained[-2]
        ends = gain < LEAST_GAIN * explained[-1] or explained[-1] > ALMOST_ALL
        if given is None and index + 1 >= AT_LEAST and ends:
            break
    found = np.array(fits[1:])
    coefficient = found[:, 1:] / scale
    return LassoPath(grid[: len(found)], found[:, 0] - coefficient @ centre, coefficient, np.array(explained[1:]))


def largest_penalty(label: ArrayLike, x: ArrayLike) -> float:
    """The least penalty at which all coefficients are 0: the greatest gradient of the null model.

    Args:
        label: 0 or 1, (patients,).
        x: (patients, terms).
    """
    y, design, _, _ = _standardised(label, x)
    return float(_grid(y, design)[0])


def kkt_residual(label: ArrayLike, x: ArrayLike, penalty: float, intercept: float, coefficient: ArrayLike) -> float:
    """By how much a fit misses the conditions of the minimum (Karush, Kuhn and Tucker); 0 is exact.

    The mean log likelihood's gradient, for columns of population SD 1: 0 for the intercept, lambda times the sign
    for a coefficient, at most lambda in size for a coefficient of 0.

    Args:
        label: 0 or 1, (patients,).
        x: (patients, terms).
        penalty: lambda.
        intercept: log odds.
        coefficient: of the columns as given, (terms,).
    """
    y, design, centre, scale = _standardised(label, x)
    given = np.asarray(coefficient, dtype=float)
    beta = np.append(intercept + given @ centre, given * np.where(np.isinf(scale), 0, scale))
    gradient = design.T @ (y - expit(design @ beta)) / len(y)
    return float(_missed(beta, gradient, _penalties(penalty, beta)).max())


def cross_validated_lasso(label: ArrayLike, x: ArrayLike, folds: int = 10, seed: int = 0) -> CrossValidated:
    """Chooses the penalty as R's cv.glmnet with type.measure "deviance": the grid is that of all patients.

    Folds are stratified by class (glmnet's are not) and drawn from the seed. Risks are clipped to 1e-5 before their
    deviance is taken; folds are weighted by their patients.

    Args:
        label: 0 or 1, (patients,).
        x: (patients, terms).
        folds: at most the number of patients.
        seed: of the folds.

    Raises:
        NotEstimable: fewer than two patients of a class, or as for `lasso`.
    """
    y, columns = np.asarray(label, dtype=float), np.asarray(x, dtype=float)
    path = lasso(y, columns)
    fold = stratified_folds(y, folds, seed)
    means, sizes = [], np.bincount(fold)
    for held in range(len(sizes)):
        out = fold == held
        risk = lasso(y[~out], columns[~out], path.penalty).probability(columns[out]).clip(CLIP, 1 - CLIP)
        means.append(-2 * (xlogy(y[out], risk) + xlogy(1 - y[out], 1 - risk)).mean(axis=1))
    deviance = np.average(means, axis=0, weights=sizes)
    error = np.sqrt(np.average((np.array(means) - deviance) ** 2, axis=0, weights=sizes) / (len(sizes) - 1))
    minimum = int(np.argmin(deviance))
    return CrossValidated(path, deviance, error, minimum, int(np.argmax(deviance <= (deviance + error)[minimum])))


def stratified_folds(label: ArrayLike, folds: int, seed: int) -> np.ndarray:
    """The fold of each patient; the classes are dealt out one after the other, each in random order.

    Args:
        label: 0 or 1, (patients,).
        folds: two or more, at most the number of patients.
        seed: of the order.

    Raises:
        NotEstimable: fewer than two patients of a class: some fit would see one class only.
    """
    y = np.asarray(label)
    if not 2 <= folds <= len(y):
        raise ValueError(f"folds must lie between 2 and the number of patients, {len(y)}")
    if min(np.sum(y == 0), np.sum(y == 1)) < 2:
        raise NotEstimable("cross-validation needs two patients of each class")
    order = np.random.default_rng(seed).permutation(len(y))
    fold = np.empty(len(y), dtype=int)
    fold[order[np.argsort(y[order], kind="stable")]] = np.arange(len(y)) % folds
    return fold


def _standardised(label: ArrayLike, x: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels, ones beside columns of mean 0 and population SD 1, the columns' means and SDs (infinite if constant)."""
    events, terms = labelled(label, x)
    if events.all() or not events.any():
        raise NotEstimable("all patients are of one class")
    y = events.astype(float)
    centre, scale = terms.mean(axis=0), np.where(np.ptp(terms, axis=0) == 0, np.inf, terms.std(axis=0))
    design = np.ones((len(y), terms.shape[1] + 1), order="F")
    design[:, 1:] = (terms - centre) / scale
    return y, design, centre, scale


def _null(y: np.ndarray, design: np.ndarray) -> np.ndarray:
    """The intercept alone."""
    return np.append(np.log(y.mean() / (1 - y.mean())), np.zeros(design.shape[1] - 1))


def _grid(y: np.ndarray, design: np.ndarray) -> np.ndarray:
    if not design[:, 1:].any():
        raise NotEstimable("no term varies")
    largest = np.abs(design[:, 1:].T @ (y - y.mean())).max() / len(y)
    ratio = 1e-2 if len(y) < design.shape[1] - 1 else 1e-4
    return largest * ratio ** np.linspace(0, 1, PENALTIES)


def _penalties(penalty: float, beta: np.ndarray) -> np.ndarray:
    return np.append(0.0, np.full(len(beta) - 1, penalty))


def _ahead(fits: list[np.ndarray], grid: np.ndarray, index: int) -> np.ndarray:
    """Where the next fit may lie: the last one, and on along the line from the one before."""
    if index < 2:
        return fits[-1]
    on = fits[-1] + (fits[-1] - fits[-2]) * ((grid[index - 1] - grid[index]) / (grid[index - 2] - grid[index - 1]))
    on[1:][fits[-1][1:] * on[1:] <= 0] = 0
    return on


def _solve(y: np.ndarray, design: np.ndarray, penalty: float, beta: np.ndarray) -> tuple[np.ndarray, float]:
    """Intercept and coefficients at one penalty, from a guess, and their loss."""
    n, bounds = len(y), _penalties(penalty, beta)
    scores = design @ beta
    loss = _loss(y, scores)
    for _ in range(MAX_STEPS):
        chance = expit(scores)
        gradient = design.T @ ((y - chance) / n)
        if _missed(beta, gradient, bounds).max() < TOLERANCE:
            return beta, loss
        active = np.flatnonzero((beta != 0) | (np.abs(gradient) > bounds) | (bounds == 0))
        columns = design[:, active]
        hessian = (columns.T * (chance * (1 - chance) / n)) @ columns
        hessian.flat[:: len(active) + 1] += RIDGE * hessian.trace() / len(active)
        move = _quadratic(hessian, gradient[active], bounds[active], beta[active]) - beta[active]
        along, step, value = columns @ move, 1.0, loss + bounds @ np.abs(beta)
        while True:
            moved = beta.copy()
            moved[active] += step * move
            loss = _loss(y, scores + step * along)
            if loss + bounds @ np.abs(moved) <= value + 1e-13 or step < 1e-10:
                break
            step /= 2
        beta, scores = moved, scores + step * along
    raise NotEstimable("the LASSO does not converge")


def _quadratic(hessian: np.ndarray, gradient: np.ndarray, bounds: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Minimises (b - start)' hessian (b - start) / 2 - gradient' (b - start) + bounds' |b| by feature-sign search.

    Args:
        hessian: positive definite, (terms, terms).
        gradient: of what is maximised, at the start, (terms,).
        bounds: penalty of each term, 0 where there is none, (terms,).
        start: (terms,).
    """
    free = bounds == 0
    sign = np.where(start != 0, np.sign(start), np.sign(gradient))
    there = start + np.linalg.solve(hessian, gradient - bounds * sign)
    if ((there * sign >= 0) | free).all():
        return there
    linear, b = gradient + hessian @ start, start

    def value(at: np.ndarray) -> np.ndarray:
        return ((at @ hessian / 2 - linear) * at).sum(axis=-1) + np.abs(at) @ bounds

    for _ in range(10 * len(b) + MAX_STEPS):
        slope, on, sign = linear - hessian @ b, free | (b != 0), np.sign(b)
        missed = _missed(b, slope, bounds)
        if missed[on].max() < TOLERANCE / 10:
            enters = int(missed.argmax())
            if missed[enters] < TOLERANCE / 10:
                break
            on[enters], sign[enters] = True, np.sign(slope[enters])
        toward = np.zeros(len(b))
        toward[on] = np.linalg.solve(hessian[np.ix_(on, on)], (slope - bounds * sign)[on])
        # the lowest of the end and of all points on the way where a coefficient changes its sign
        crossing = np.flatnonzero(~free & (b * (b + toward) < 0))
        points = b + np.append(-b[crossing] / toward[crossing], 1)[:, None] * toward
        points[np.arange(len(crossing)), crossing] = 0
        values = value(points)
        lowest = points[values.argmin()]
        if values.min() >= value(b):  # rounding
            break
        b = lowest
    return b


def _missed(beta: np.ndarray, gradient: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """By how much each coefficient misses its condition; below 0 where one of 0 is well within."""
    at_zero = (beta == 0) & (bounds > 0)
    return np.abs(gradient - np.where(at_zero, 0, bounds * np.sign(beta))) - np.where(at_zero, bounds, 0)


def _loss(y: np.ndarray, scores: np.ndarray) -> float:
    """Mean of minus the log likelihood."""
    return float(np.logaddexp(0, scores).sum() - y @ scores) / len(y)
