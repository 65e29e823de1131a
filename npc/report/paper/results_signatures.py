"""Variants, radiomic signatures and searches as keys of `results.json`."""

from collections.abc import Sequence
from dataclasses import asdict

from npc.prognosis.search import SearchResult, StandardError
from npc.prognosis.signatures import Overlap, Signature, VariantSignatures
from npc.prognosis.variants import Variant
from npc.report.paper.result_parts import Json, either
from npc.report.paper.results_models import auc


def signatures(of: VariantSignatures) -> Json:
    """The radiomic signatures of a variant."""
    return {
        "chains": {"+".join(signature.chain): _signature(signature) for signature in of.signatures},
        "overlap": {"__".join("+".join(chain) for chain in one.chains): _overlap(one) for one in of.overlaps},
    }


def _signature(signature: Signature) -> Json:
    return {
        "run_key": signature.run_key,
        "intercept": signature.intercept,
        "features": [asdict(feature) for feature in signature.features],
        "steps": list(signature.steps),
        "notes": list(signature.notes),
        "nested_auc": signature.nested_auc,
        "apparent_auc": signature.apparent_auc,
        "correlation": signature.correlation.tolist(),
    }


def _overlap(one: Overlap) -> Json:
    return {"shared": list(one.shared), **either(one.jaccard, ("jaccard",), lambda jaccard: {"jaccard": jaccard})}


def variant(variant: Variant) -> Json:
    """The best run of a variant."""
    run = variant.run
    return {
        "method": run.method, "slices": run.slices, "sequence": run.sequence, "run_key": run.key,
        "auc": {split: auc(found) for split, found in variant.auc.items()},
        "paper": dict(variant.paper),
    }  # fmt: skip


def searches(results: Sequence[SearchResult]) -> Json:
    """By `<method>/<variant>`; `<method>/all` is the choice among all variants."""
    return {f"{one.search.method}/{one.search.variant}": _search(one) for one in results}


def _search(one: SearchResult) -> Json:
    search, best = one.search, one.best
    written = {
        "runs": len(search.runs),
        "others": search.others,
        "patients": len(search.label),
        "events": int(search.label.sum()),
        "run_key": best.key,
        "variant": best.variant,
        "auc": best.auc,
        "standard_error": either(one.standard_error, ("se", "within"), _standard_error),
        "worth": either(one.worth, ("estimate", "ci", "optimism", "draws"), lambda found: {
            "estimate": found.estimate, "ci": list(found.ci), "optimism": one.optimism, "draws": found.draws}),
        "chance": either(one.chance, ("mean", "upper", "p"), asdict),
    }  # fmt: skip
    if not one.settings:
        return written
    settings = [{"run_key": of.run.key, "auc": of.run.auc, "choices": dict(of.choices)} for of in one.settings]
    return {**written, "settings": settings}


def _standard_error(found: StandardError) -> Json:
    return {"se": found.se, "within": found.within, **({"note": found.note} if found.note else {})}
