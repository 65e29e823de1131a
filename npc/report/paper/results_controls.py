"""Negative controls as keys of `results.json`."""

from collections.abc import Iterable, Mapping

from npc.names import NOT_ESTIMABLE
from npc.prognosis.analysis import Analysis
from npc.prognosis.controls import Against, Controls
from npc.prognosis.trained_controls import PermutedOutcomes, TrainedControl
from npc.report.paper.result_parts import TEST, Json, either, note, test
from npc.statistics import NotEstimable
from npc.statistics.added_value import AddedValue


def controls(analysis: Analysis) -> Json:
    """Each signature beside the size of the tumour and beside trained controls."""
    written: Json = {
        name: {
            **(note(found) if isinstance(found, NotEstimable) else _beside_size(found)),
            **{control: _trained(of, analysis.splits) for control, of in analysis.trained_controls[name].items()},
            **_permuted_outcomes(analysis.permuted_outcomes[name]),
        }
        for name, found in analysis.controls.items()
    }
    if analysis.combined_controls:
        written["combined"] = {name: _against_all(found) for name, found in analysis.combined_controls.items()}
    return written


def _beside_size(found: Controls) -> Json:
    unknown = isinstance(found.correlation, NotEstimable)
    return {
        "volume": _against_all(found.volume),
        "area": _against_all(found.area),
        "added_to_volume": {
            "held_out": list(found.held_out),
            "events": found.events,
            **either(found.added, (*TEST, "hazard_ratio"), _added),
        },
        "correlation_with_volume": None if unknown else found.correlation,
        "verdict": found.verdict,
        **({"note": f"correlation_with_volume {NOT_ESTIMABLE}: {found.correlation}"} if unknown else {}),
    }


def _trained(found: TrainedControl | NotEstimable, splits: Iterable[str]) -> Json:
    if isinstance(found, NotEstimable):
        return _against_all(dict.fromkeys(splits, Against(found, found)))
    return _against_all(found.against)


def _permuted_outcomes(found: Mapping[str, PermutedOutcomes | NotEstimable]) -> Json:
    keys = ("auc_mean", "p", "permutations")
    written = {
        split: either(one, keys, lambda o: {"auc_mean": o.auc, "p": o.p, "permutations": o.permutations})
        for split, one in found.items()
    }
    return {"permuted_outcomes": written} if written else {}


def _against_all(found: Mapping[str, Against]) -> Json:
    return {
        split: {
            "auc": None if isinstance(one.auc, NotEstimable) else one.auc,
            **either(one.test, ("difference", "p"), lambda test: {"difference": test.difference, "p": test.p}),
        }
        for split, one in found.items()
    }


def _added(found: AddedValue) -> Json:
    return {**test(found.test), "hazard_ratio": {"estimate": found.hazard_ratio, "ci": list(found.ci)}}
