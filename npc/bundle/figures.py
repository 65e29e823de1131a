"""The figures of a model at the hospital that made it, without small numbers."""

from collections.abc import Mapping
from typing import Any

from npc.bundle.population import FEWEST
from npc.names import SPLITS


def figures(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """`n`, `events`, `auc` and `ci` by split; only those of cohorts with at least five patients of each class.

    Args:
        found: a model of `results.json`, or `metrics.json` of a run.
    """
    by_split = {split: _auc(found, split) for split in SPLITS}
    return {split: of for split, of in by_split.items() if of and FEWEST <= of["events"] <= of["n"] - FEWEST}


def _auc(found: Mapping[str, Any], split: str) -> dict[str, Any] | None:
    if split in found:  # of a report
        auc = found[split]["auc"]
        return {"n": auc["n"], "events": auc["events"], "auc": auc["estimate"], "ci": auc["ci_logit"]}
    if split not in found.get("auc", {}):
        return None
    return {"n": found["n"][split], "events": found["events"][split], "auc": found["auc"][split], "ci": None}
