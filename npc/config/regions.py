"""Which regions of the outlines a run may see: the tumour, a ring around it, or regions that `cohort.rois` names."""

import re
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from npc.names import TUMOUR

_RING = re.compile(r"ring(\d+(?:\.\d+)?)")


def ring_width(region: str) -> float | None:
    """Millimetres of a ring such as `ring5`; None where the text is no ring."""
    found = _RING.fullmatch(region)
    return float(found[1]) if found and float(found[1]) > 0 else None


def named_regions(region: str) -> list[str]:
    """The names in `region`; slices are chosen by the first."""
    return region.split("+")


def rois_faults(cohort: DictConfig) -> list[str]:
    """Why the regions that `cohort.rois` declares cannot be read."""
    rois: Mapping[str, Any] = cohort.get("rois") or {}
    faults = []
    for name, value in rois.items():
        if not re.fullmatch(r"\w+", name) or ring_width(name) is not None:
            faults.append(
                f"cohort.rois.{name}: is no name of a region; use letters, digits and underscores, and not the name of "
                "a ring such as ring5"
            )
        if not value:
            faults.append(f"cohort.rois.{name}={value}: is the background; give the region's value in the outlines")
    for value in dict.fromkeys(rois.values()):
        if len(names := [name for name, own in rois.items() if own == value]) > 1:
            faults.append(f"cohort.rois: {' and '.join(names)} have the same value {value}; give each its own")
    if rois and cohort.get("label") is not None:
        faults.append(
            f"cohort.rois, cohort.label={cohort.label}: both choose values of the outlines; remove cohort.label "
            "(cohort.label=null), or cohort.rois"
        )
    if rois and cohort.get("roi"):
        faults.append(
            "cohort.rois, cohort.roi: both choose contours of an RTSTRUCT or a segmentation; remove cohort.roi, and "
            "name each region's contour in cohort.rois, as in +cohort.rois.tumour=GTVp"
        )
    return faults


def region_faults(config: DictConfig) -> list[str]:
    """Why a run cannot see the region that it asks for; none for a config without a region, as of `evaluate.py`."""
    if OmegaConf.is_missing(config, "cohort"):
        return []
    faults = rois_faults(config.cohort)
    if "region" not in config:
        return faults
    region, rois = config.region, config.cohort.get("rois") or {}
    if not rois:
        if region == TUMOUR or ring_width(region) is not None:
            return faults
        told = "must be tumour, or a ring of millimetres such as ring5; cohort.rois declares regions by their values"
        return [*faults, f"region={region}: {told}, as in +cohort.rois.tumour=1 +cohort.rois.node=2"]
    if ring_width(region) is not None:
        return [
            *faults,
            f"region={region}: a ring lies around one outline; give its value by cohort.label instead of cohort.rois",
        ]
    names = named_regions(region)
    if unknown := [name for name in names if name not in rois]:
        faults.append(f"region={region}: cohort.rois has no {' and no '.join(unknown)}; it has {', '.join(rois)}")
    if len(set(names)) < len(names):
        faults.append(f"region={region}: names a region twice; name each once")
    return faults


def joined_region_faults(config: DictConfig) -> list[str]:
    """What cannot be done with several regions."""
    if len(named_regions(config.region)) == 1:
        return []
    refused = {
        "cohort.missing=mask": config.cohort.missing == "mask",
        "network.size_input=true": config.method in ("deep_learning", "ensemble") and config.network.size_input,
        "radiomics.combat=true": config.method == "radiomic" and config.radiomics.combat,
    }
    return [
        f"{choice}: cannot be used with several regions (region={config.region}), of which a patient may lack one; "
        "remove it, or choose one region"
        for choice, is_chosen in refused.items()
        if is_chosen
    ]
