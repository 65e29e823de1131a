"""Studies whose figures are computed from patients, so that they fit each other, printed as a study would."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy import stats

from npc.published import PAPER

COHORTS = ("training", "validation", "test")
LEVELS = {"t_stage": ("T1", "T2", "T3", "T4"), "n_stage": ("N0", "N1", "N2", "N3"), "staging": ("III", "IVa", "IVb")}
RULES = [rule for rule in yaml.safe_load(PAPER.read_text(encoding="utf-8"))["rules"] if "mean" not in rule["rule"]]


def consistent(seed: int) -> dict[str, Any]:
    """A study as its YAML holds it; its patients, sizes, tests and rounding are drawn."""
    rng = np.random.default_rng(seed)
    sizes = dict(zip(COHORTS, rng.integers(8, [200, 40, 90]).tolist(), strict=True))
    cohort = np.repeat(np.arange(3), list(sizes.values()))
    n = len(cohort)
    t, nodes = rng.integers(4, size=n), rng.integers(4, size=n)
    t = np.where((t < 2) & (nodes < 2), 2, t)  # T1-2 N0-1 is stage I or II: not in the study
    stage = np.where(nodes == 3, 2, np.where(t == 3, 1, 0))
    named = str(rng.choice(["pearson", "kruskal_wallis", "likelihood_ratio"]))
    variables = {
        name: _categorical(values, LEVELS[name], cohort, named, rng)
        for name, values in {"t_stage": t, "n_stage": nodes, "staging": stage}.items()
    }
    age = rng.integers(18, 75, size=n)
    by_cohort = [age[cohort == one] for one in range(3)]
    variables["age"] = {"mean": [f"{a.mean():.2f} ({a.min()}–{a.max()})" for a in by_cohort], "whole": "true"}
    events = {name: int(rng.integers(2, size - 1)) for name, size in sizes.items()}
    models = {
        f"model {i}": [_auc(size, events[name], rng) for name, size in sizes.items()] for i in range(rng.integers(1, 9))
    }
    part = int(rng.integers(0, n + 1))
    return {
        "study": f"drawn with seed {seed}",
        "cohorts": {name: {"n": str(size), "events": str(events[name])} for name, size in sizes.items()},
        "methods": {"tests": [named, "anova"]},
        "baseline": [{"place": "Table 2", "variables": variables}],
        "aucs": [{"place": place, "models": models} for place in ("Table 3", "Abstract")],
        "percentages": [{"place": "Results", "what": "part", "printed": f"{100 * part / n:.2f}%", "of": [str(n)]}],
        "sums": [
            {"place": "Methods", "what": "patients", "total": str(n), "parts": [str(size) for size in sizes.values()]}
        ],
        "rules": RULES,
    }


def write(study: dict[str, Any], folder: Path) -> Path:
    """The study's file."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def _categorical(
    values: np.ndarray, levels: tuple[str, ...], cohort: np.ndarray, named: str, rng: np.random.Generator
) -> dict[str, Any]:
    counts = np.array(
        [[np.sum((values == level) & (cohort == one)) for one in range(3)] for level in range(len(levels))]
    )
    digits = int(rng.integers(0, 3))
    shares = 100 * counts / counts.sum(axis=0)
    rows = [
        [f"{count} ({share:.{digits}f}%)" if count else "0" for count, share in zip(*row, strict=True)]
        for row in zip(counts, shares, strict=True)
    ]
    table = counts[counts.any(axis=1)]
    variable: dict[str, Any] = {"levels": dict(zip(levels, rows, strict=True))}
    if len(table) > 1:
        p = _p(table, values, cohort, named)
        variable["p"] = f"{p:.3f}" if p >= 0.001 else "<0.001"
    return variable


def _p(table: np.ndarray, values: np.ndarray, cohort: np.ndarray, named: str) -> float:
    if named == "kruskal_wallis":
        return stats.kruskal(*(values[cohort == one] for one in range(3))).pvalue
    return stats.chi2_contingency(
        table, correction=False, lambda_="log-likelihood" if named == "likelihood_ratio" else None
    ).pvalue


def _auc(n: int, events: int, rng: np.random.Generator) -> str:
    """AUC and DeLong's interval by their definition, on risks with ties, clipped and printed with three digits."""
    risk = rng.integers(0, 12, size=n) + rng.integers(0, 2, size=n) * rng.random(n)
    case, control = risk[:events] + rng.integers(0, 5), risk[events:]
    wins = (case[:, None] > control) + 0.5 * (case[:, None] == control)
    error = np.sqrt(wins.mean(axis=1).var(ddof=1) / events + wins.mean(axis=0).var(ddof=1) / (n - events))
    low, high = np.clip(wins.mean() + np.array([-1.959963984540054, 1.959963984540054]) * error, 0, 1)
    return f"{wins.mean():.3f} ({low:.3f}–{high:.3f})"
