"""Are the intervals of benchmarks/sts.py right for a signature that learns? `python benchmarks/learned_noise.py`.

Cohorts as large as the public sarcomas, whose features are noise: a ridge regression learns from four folds and gives
the risks of the fifth, ten times with other folds, as in the table. The true AUC is then 0.5. Prints how often the 95%
interval covers it, and how often the difference to a volume that is noise, too, has P < 0.05. Both are 95% and 5% where
the interval knows all that varies; it knows the patients who are predicted, and not those who are learned from.
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import StratifiedKFold
from sts import FOLDS, Draws, within_folds


def learned(features: np.ndarray, label: pd.Series, repeats: int) -> Draws:
    """Out-of-fold risks of each patient in each repeat."""
    draws = {}
    for repeat in range(repeats):
        rows = pd.DataFrame({"fold": 0, "risk": 0.0}, index=label.index)
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=repeat).split(features, label)
        for fold, (others, own) in enumerate(folds, start=1):
            model = RidgeClassifier(alpha=features.shape[1]).fit(features[others], label.iloc[others])
            rows.iloc[own, 0], rows.iloc[own, 1] = fold, model.decision_function(features[own])
        draws[repeat] = rows
    return draws


def main() -> None:
    """Prints the shares and the standard deviations."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--others", type=int, default=19)
    parser.add_argument("--features", type=int, default=24, help="as many as texture energies have")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--cohorts", type=int, default=400, help="that are simulated")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    label = pd.Series(np.repeat([1, 0], [given.events, given.others]))
    aucs, errors, covered, different = [], [], [], []
    for _ in range(given.cohorts):
        draws = learned(rng.standard_normal((len(label), given.features)), label, given.repeats)
        volume = pd.Series(rng.standard_normal(len(label)))
        found = within_folds(label, draws, {draw: rows.assign(risk=volume) for draw, rows in draws.items()})
        low, high = found.logit_interval()
        aucs.append(found.auc[0])
        errors.append(np.sqrt(found.covariance[0, 0]))
        covered.append(low <= 0.5 <= high)
        different.append(found.compare(0, 1).p < 0.05)
    print(f"{given.cohorts} cohorts, {given.events} patients with and {given.others} without the event")
    print(f"AUC: mean {np.mean(aucs):.3f}, SD {np.std(aucs):.3f}; its standard error on average {np.mean(errors):.3f}")
    print(f"95% of the AUCs lie between {np.quantile(aucs, 0.025):.2f} and {np.quantile(aucs, 0.975):.2f}")
    print(f"the 95% interval covers 0.5 in {np.mean(covered):.0%} of the cohorts")
    print(f"the difference to the volume has P < 0.05 in {np.mean(different):.0%}")


if __name__ == "__main__":
    main()
