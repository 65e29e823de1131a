"""AUC of a whole choice: right where the truth is known, and no refit sees the patients that it judges."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from npc.statistics import NotEstimable
from npc.statistics.internal_validation import bootstrap_optimism, nested_cross_validation

N, TERMS = 160, 60


def sample(seed: int, apart: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    label, x = np.arange(N) % 2, rng.normal(size=(N, TERMS))
    x[:, 0] += apart * label
    return label, x


def strongest(label: np.ndarray, x: np.ndarray):
    """The column that differs most between the classes of the fitted patients, turned the right way; and a constant."""

    def make(fitted: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        y, seen = label[fitted], x[fitted]
        difference = seen[y == 1].mean(axis=0) - seen[y == 0].mean(axis=0)
        best = np.abs(difference).argmax()
        return np.column_stack([np.sign(difference[best]) * x[predicted, best], np.zeros(len(predicted))])

    return make


def test_the_choice_among_noise_is_worth_one_half_although_it_looks_good():
    apparent, nested, corrected = [], [], []
    for seed in range(12):
        label, x = sample(seed)
        make = strongest(label, x)
        first, constant = nested_cross_validation(label, make, folds=5, repeats=3, seed=0)
        boot, _ = bootstrap_optimism(label, make, samples=40, seed=0)
        assert constant.auc.values == (0.5, 0.5, 0.5)
        apparent.append(boot.apparent)
        nested.append(first.auc.mean)
        corrected.append(boot.corrected)
    assert np.mean(apparent) > 0.6
    assert np.mean(nested) == pytest.approx(0.5, abs=0.04)
    assert np.mean(corrected) == pytest.approx(0.5, abs=0.05)


def test_a_true_difference_is_found_by_both():
    label, x = sample(0, apart=1.5)
    truth = norm.cdf(1.5 / np.sqrt(2))
    make = strongest(label, x)
    assert nested_cross_validation(label, make, folds=5, repeats=3, seed=0)[0].auc.mean == pytest.approx(
        truth, abs=0.05
    )
    assert bootstrap_optimism(label, make, samples=40, seed=0)[0].corrected == pytest.approx(truth, abs=0.05)


def test_the_figures_are_those_of_a_loop_over_the_refits():
    label, x = sample(3, apart=0.5)
    x, calls = x[:, :4], []

    def make(fitted: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        calls.append((fitted, predicted))
        return LogisticRegression().fit(x[fitted], label[fitted]).decision_function(x[predicted])[:, None]

    (nested,) = nested_cross_validation(label, make, folds=4, repeats=2, seed=5)
    judged = [roc_auc_score(label[out], make(fitted, out)[:, 0]) for fitted, out in list(calls)]
    assert nested.auc.values == pytest.approx((np.mean(judged[:4]), np.mean(judged[4:8])))
    for fitted, out in calls[:8]:
        assert not set(fitted) & set(out)
        assert len(fitted) + len(out) == N
    calls.clear()
    (boot,) = bootstrap_optimism(label, make, samples=6, seed=5)
    everyone, *drawn = [fitted for fitted, _ in calls]
    assert boot.apparent == pytest.approx(roc_auc_score(label, make(everyone, everyone)[:, 0]))
    differences = [
        roc_auc_score(label[rows], make(rows, rows)[:, 0]) - roc_auc_score(label, make(rows, everyone)[:, 0])
        for rows in drawn
    ]
    assert boot.optimism == pytest.approx(np.mean(differences))
    assert boot.corrected == pytest.approx(boot.apparent - np.mean(differences))


def test_refits_without_a_model_are_left_out_until_they_are_too_many():
    label, x = sample(1)
    number = iter(range(1000))

    def make(fitted: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        at = next(number)
        return np.where([at % 20 == 3, at % 2 == 1], np.nan, x[predicted, :2])

    kept, lost = bootstrap_optimism(label, make, samples=40, seed=0)
    assert kept.samples == 38
    assert isinstance(lost, NotEstimable)
    with pytest.raises(NotEstimable, match="fewer than the 5 folds"):
        nested_cross_validation([0] * 20 + [1] * 4, make, folds=5, repeats=1, seed=0)
