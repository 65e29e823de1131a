"""Keys of `results.json` on how far the figures hold: `headline`, `validity`, `subgroups`, `ablations`, `missing`."""

from collections.abc import Mapping

from npc.prognosis.ablations import Ablations, Paired
from npc.prognosis.headline import Headline
from npc.prognosis.missing import Missing
from npc.prognosis.models import Model
from npc.prognosis.runs import Run
from npc.prognosis.subgroups import Division, Subgroups
from npc.prognosis.validity import Validity
from npc.report.paper.result_parts import Json, hazard_ratio, note
from npc.report.paper.seeds import spread_as_json
from npc.statistics import NotEstimable
from npc.statistics.permutation import Null
from npc.statistics.rubin import Pooled

SUBGROUP_ESTIMAND = "hazard ratio of one standard deviation of the risk's normal scores, held-out patients, by hospital"
CHOSEN = (
    "The reference was chosen on the internal validation cohort, where the comparison therefore favours it; the "
    "training cohort is not compared, because the runs were fitted to it."
)


def multiplicity(found: Subgroups) -> str:
    """The warning that goes with a forest plot."""
    tests = sum(not isinstance(one.interaction, NotEstimable) for one in found.by.values())
    return (
        f"{tests} tests of interaction: by chance alone about {0.05 * tests:.1f} of them have P < 0.05. Subgroups are "
        "exploratory: read the P values after Holm's correction, and no subgroup by its own interval."
    )


def headline(found: Headline) -> Json:
    """The first model among permuted outcomes of the held-out cohort."""
    return {
        "model": found.model,
        "split": found.split,
        "hospitals": found.hospitals,
        **{name: _null(one) for name, one in found.figures.items()},
    }


def _null(found: Null | NotEstimable) -> Json:
    if isinstance(found, NotEstimable):
        return {**dict.fromkeys(("estimate", "p", "null_quantiles", "permutations")), **note(found)}
    quantiles = {f"{share:g}": value for share, value in found.quantiles.items()}
    return {
        "estimate": found.estimate,
        "p": found.p,
        "null_quantiles": quantiles,
        "permutations": found.permutations,
    }


def validity(found: Validity) -> Json:
    """Of one model."""
    nested, corrected = found.nested_cv, found.optimism
    return {
        "nested_cv": {"folds": None, "repeats": None, "auc": None, **note(nested)}
        if isinstance(nested, NotEstimable)
        else {"folds": nested.folds, "repeats": len(nested.auc.values), "auc": spread_as_json(nested.auc)},
        "optimism": {**dict.fromkeys(("apparent", "optimism", "corrected", "samples")), **note(corrected)}
        if isinstance(corrected, NotEstimable)
        else {
            "apparent": corrected.apparent,
            "optimism": corrected.optimism,
            "corrected": corrected.corrected,
            "samples": corrected.samples,
        },
    }


def subgroups(found: Subgroups) -> Json:
    """Of one model."""
    return {
        "n": found.n,
        "events": found.events,
        "estimand": SUBGROUP_ESTIMAND,
        "warning": multiplicity(found),
        "all": hazard_ratio(found.all),
        "by": {name: _division(one) for name, one in found.by.items()},
    }


def _division(found: Division) -> Json:
    test = found.interaction
    written = (
        {"chi2": None, "df": None, "p": None, **note(test)}
        if isinstance(test, NotEstimable)
        else {"chi2": test.chi2, "df": test.df, "p": test.p}
    )
    groups = {
        level: {"n": group.n, "events": group.events, **hazard_ratio(group.hazard_ratio)}
        for level, group in found.groups.items()
    }
    return {"interaction": {**written, "p_holm": found.p_holm}, "levels": groups}


def ablations(found: Ablations) -> Json:
    """All variants against the reference."""
    return {
        "reference": _run(found.reference),
        "note": CHOSEN,
        "variants": [
            {**_run(one.run), **{split: _paired(test) for split, test in one.against.items()}} for one in found.variants
        ],
    }


def _run(run: Run) -> Json:
    return {"method": run.method, "variant": run.variant, "run_key": run.key}


def _paired(found: Paired) -> Json:
    if isinstance(found.test, NotEstimable):
        return {"difference": None, "ci": None, "p": None, "p_holm": None, **note(found.test)}
    ci = found.ci and list(found.ci)
    return {"difference": found.test.difference, "ci": ci, "p": found.test.p, "p_holm": found.p_holm}


def missing(found: Missing, models: Mapping[str, Model]) -> Json:
    """What is missing, and the pooled coefficients."""
    return {
        "variables": {name: dict(of) for name, of in found.variables.items()},
        "complete": dict(found.complete),
        "n": dict(found.n),
        "imputations": found.imputations,
        "pooled": {name: _pooled(one, models[name]) for name, one in found.pooled.items()},
        **({"note": found.note} if found.note else {}),
    }


def _pooled(found: Pooled | NotEstimable, model: Model) -> Json:
    if isinstance(found, NotEstimable):
        return {"terms": None, **note(found)}
    rows = zip(
        ("intercept", *model.terms), found.coefficient, found.standard_error, found.lower, found.upper, found.p,
        found.fraction, strict=True,
    )  # fmt: skip
    return {
        "terms": [
            {"term": term, "coefficient": float(middle), "standard_error": float(error),
             "ci": [float(low), float(high)], "p": float(p), "fraction_of_missing_information": float(fraction)}
            for term, middle, error, low, high, p, fraction in rows
        ]
    }  # fmt: skip
