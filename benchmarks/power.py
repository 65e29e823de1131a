"""What a cohort of few events can show: `python benchmarks/power.py EVENTS OTHERS [--auc 0.8] [--correlation 0.5]`.

Simulates risks of patients with and without the event (normal, of equal variance) and applies the tests of a report:
DeLong's interval on the logit scale, and the paired DeLong test. Prints within which limits the AUC of a risk without
any information lies in 95% of the cohorts, the smallest AUC whose interval lies above 0.5 in 80% of them, and the
smallest difference to another risk on the same patients that is significant (P < 0.05) in 80% of them. Risks that
cross-validation gives are of networks or regressions that share patients: their tests can show less, never more.
"""

import argparse

import numpy as np
from scipy.stats import norm

from npc.statistics import NotEstimable
from npc.statistics.delong import Aucs, delong

POWER = 0.8
GRID = np.round(np.arange(0.5, 0.995, 0.01), 2)


def above_chance(found: Aucs) -> bool:
    """Whether the 95% interval of the first AUC lies above 0.5."""
    try:
        return found.logit_interval()[0] > 0.5
    except NotEstimable:  # an AUC of 1, or 0, has no variance
        return bool(found.auc[0] > 0.5)


def higher(found: Aucs) -> bool:
    """Whether the first AUC is significantly above the second."""
    try:
        test = found.compare(0, 1)
    except NotEstimable:
        return False
    return test.difference > 0 and test.p < 0.05


class Cohorts:
    """Simulated cohorts; the same random numbers are used for each AUC, so that its effect alone is seen."""

    def __init__(self, events: int, others: int, correlation: float, cohorts: int, seed: int = 0) -> None:
        self.label = np.repeat([1, 0], [events, others])
        noise = np.random.default_rng(seed).standard_normal((cohorts, events + others, 2))
        noise[..., 1] = correlation * noise[..., 0] + np.sqrt(1 - correlation**2) * noise[..., 1]
        self.noise = noise

    def share(self, test, *aucs: float) -> float:
        """Of the cohorts in which a test of risks with these AUCs holds."""
        shift = self.label[:, None] * np.sqrt(2) * norm.ppf(aucs)
        return float(np.mean([test(delong(self.label, noise[:, : len(aucs)] + shift)) for noise in self.noise]))

    def by_chance(self) -> tuple[float, float]:
        """Between which limits 95% of the AUCs lie of a risk that knows nothing; the variance is Mann and Whitney's."""
        events = int(self.label.sum())
        others = len(self.label) - events
        half = float(norm.ppf(0.975) * np.sqrt((events + others + 1) / (12 * events * others)))
        return 0.5 - half, 0.5 + half


def main() -> None:
    """Prints the three figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", metavar="EVENTS", type=int, help="patients with the event")
    parser.add_argument("others", metavar="OTHERS", type=int, help="patients without it")
    parser.add_argument("--auc", type=float, default=0.8, help="of the other risk, such as the volume's")
    parser.add_argument("--correlation", type=float, default=0.5, help="of two risks among patients of one class")
    parser.add_argument("--cohorts", type=int, default=2000, help="that are simulated")
    given = parser.parse_args()
    cohorts = Cohorts(given.events, given.others, given.correlation, given.cohorts)
    low, high = cohorts.by_chance()
    print(f"{given.events} patients with and {given.others} without the event, {given.cohorts} cohorts")
    print(f"a risk without information: AUC {low:.2f} to {high:.2f} in 95% of the cohorts")
    least = next((auc for auc in GRID if cohorts.share(above_chance, auc) >= POWER), None)
    print(f"smallest AUC that differs significantly from 0.5 in {POWER:.0%} of the cohorts: {least or 'none'}")
    print(f"compared with a risk of AUC {given.auc:g}, correlation {given.correlation:g}, in {POWER:.0%} of them:")
    more = next((auc for auc in GRID if auc > given.auc and cohorts.share(higher, auc, given.auc) >= POWER), None)
    print(f"  smallest AUC that is significantly higher: {more or 'none below 1'}")
    less = next((auc for auc in GRID[::-1] if auc < given.auc and cohorts.share(higher, given.auc, auc) >= POWER), None)
    print(f"  largest AUC that is significantly lower: {less or 'none above 0.5'}")


if __name__ == "__main__":
    main()
