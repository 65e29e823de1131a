"""The main figures, drawn from small inputs that never change: `python -m tests.report.paper.main_figures` draws the
baselines of test_main_figures.py anew, which are to be looked at before they are committed.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from npc.prognosis.subgroups import Division, Subgroup, Subgroups
from npc.prognosis.survival import HazardRatio
from npc.prognosis.times import Calibration
from npc.report.kit import figure
from npc.report.paper import calibration, decision_curve, forest, kaplan_meier, roc
from npc.statistics import NotEstimable
from npc.statistics.estimate import Estimate
from npc.statistics.kaplan_meier import kaplan_meier as curve
from npc.statistics.logrank import Test
from npc.statistics.net_benefit import net_benefit
from npc.statistics.survival_calibration import Smoothed

BASELINES = Path(__file__).parent / "baselines"
DPI = 60

MONTHS = np.arange(2.0, 98.0, 4.0)
EVENT = (np.arange(24) % 3 == 0).astype(int)
RISK = np.linspace(0.8, 0.1, 24)


def draw_kaplan_meier(path: Path) -> None:
    """Two panels, one with curves and one without."""
    curves = {"low risk": curve(MONTHS[1::2], EVENT[1::2]), "high risk": curve(MONTHS[::2] / 2, EVENT[::2])}
    panels = [
        kaplan_meier.Panel("Combined model", curves, "Log-rank P = 0.012\nHazard ratio 2.41 (1.20–4.83)"),
        kaplan_meier.Panel("Clinical model", {}, "not estimable"),
    ]
    kaplan_meier.draw(path, panels, endpoint={"survival": "DMFS", "time": "dmfs_months"})


def draw_roc(path: Path) -> None:
    """Two cohorts, two models."""
    points = np.array([[0, 0], [0.1, 0.5], [0.3, 0.5], [0.3, 0.8], [0.6, 0.9], [1, 1]])
    curves = [
        roc.Curve("Combined model", "0.771 (0.640–0.865)", points),
        roc.Curve("Clinical model", "0.500 (not estimable)", np.array([[0, 0], [1, 1]])),
    ]
    roc.draw(
        path, [roc.Panel("External test\n45 patients, 12 events", curves), roc.Panel("Training\n169 patients", curves)]
    )


def draw_calibration(path: Path) -> None:
    """A curve with its band, and a model without one."""
    predicted = np.linspace(0.1, 0.8, 15)
    observed = predicted**1.3
    smooth = Smoothed(predicted, observed, (observed - 0.08, observed + 0.08), *[Estimate(0.04, (0.01, 0.09))] * 3)
    half = Estimate(1.1, (0.8, 1.4))
    panels = [
        calibration.Panel("Combined model", Calibration(36, RISK, half, half, half, smooth)),
        calibration.Panel("Clinical model", Calibration(36, *[NotEstimable("there is no event")] * 5)),
    ]
    calibration.draw(path, panels, event="distant metastasis")


def draw_decision_curve(path: Path) -> None:
    """One cohort with one model, and one without any."""
    shown = net_benefit(MONTHS, EVENT, RISK, 36.0)
    reason = NotEstimable("the follow-up is shorter")
    decision_curve.draw(
        path,
        [
            decision_curve.Panel("External test\n24 patients, 8 events", {"Combined model": shown}),
            decision_curve.Panel("Training\n24 patients, 8 events", {"Combined model": reason}),
        ],
    )


def draw_forest(path: Path) -> None:
    """Intervals within the axis and beyond it."""
    inside, beyond = HazardRatio(2.4, (1.2, 4.8), 0.01), HazardRatio(0.3, (0.02, 40.0), 0.6)
    groups = {
        "women": Subgroup(12, 4, beyond),
        "men": Subgroup(33, 9, inside),
        "not recorded": Subgroup(1, 0, NotEstimable("there is no event")),
    }
    forest.draw(path, Subgroups(46, 13, inside, {"sex": Division("Sex", groups, Test(0.2, 1, 0.65), 0.65)}))


DRAWN: dict[str, Callable[[Path], None]] = {
    "kaplan_meier": draw_kaplan_meier,
    "roc": draw_roc,
    "calibration": draw_calibration,
    "decision_curve": draw_decision_curve,
    "forest": draw_forest,
}

if __name__ == "__main__":
    figure._STYLE["figure.dpi"] = DPI
    for name, draw in DRAWN.items():
        draw(BASELINES / name)
        (BASELINES / f"{name}.svg").unlink()
