"""`results.json` of readers' agreement: the one place where its keys are named."""

from dataclasses import asdict
from typing import Any

from npc.report.cohort.agreement_summary import Agreement, Comparison

DEFINITIONS = {
    "dice": "twice the voxels in common over the voxels of both outlines, whole volume",
    "hd95_mm": "larger of the 95th percentiles of the two directed distances between the surfaces, whole volume",
    "area_difference": "area of the second outline on its largest slice less that of the first reader's on its own, "
    "in mm2 and as a share of the first reader's",
    "icc21": "two-way random effects, absolute agreement, single measurement, with 95% interval; judged by threshold",
    "icc31": "two-way mixed effects, consistency, single measurement, with 95% interval",
}


def as_json(found: Agreement) -> dict[str, Any]:
    """Everything, ready for JSON."""
    return {
        "cohort": found.cohort,
        "slices": found.slices,
        "threshold": found.threshold,
        "definitions": DEFINITIONS,
        "sequences": {
            sequence: {name: _comparison(one) for name, one in of.items()} for sequence, of in found.sequences.items()
        },
    }


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "patients": one.patients,
        **{measure: asdict(spread) for measure, spread in one.spreads.items()},
        "same_slice": one.same_slice,
        "icc": {
            name: {"icc21": asdict(feature.icc21), "icc31": asdict(feature.icc31)}
            for name, feature in one.features.items()
        },
        "features": len(one.features),
        "above": one.above,
        "share_above": one.share_above,
        "below": one.below,
        "not_estimable": dict(one.not_estimable),
    }
