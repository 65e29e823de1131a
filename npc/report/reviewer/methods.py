"""A methods paragraph: what was done to whom. Every number in it is read from `results.json`."""

from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig

from npc.names import METHODS, MODELS, SPLITS, series_labels, variant_in_words
from npc.report.reviewer.wording import p_value, worded

Json = Mapping[str, Any]
_KINDS = {
    "binary": "as yes or no during follow-up",
    "landmark": "as yes or no within {months} months",
    "cox": "with the time to it (Cox's partial likelihood)",
    "hazard": "with the time to it (discrete hazards of {intervals} intervals)",
}
_CONDITIONS = {"all_arms": "; the weights of its signatures are non-negative"}


def methods(results: Json, choices: DictConfig) -> str:
    """The paragraphs, as Markdown.

    Args:
        results: content of `results.json`.
        choices: of `evaluate.py`, for the names of the outcome and of the image series.
    """
    labels = series_labels(choices.cohort.sequences, choices.cohort.labels)
    parts = (
        _patients(results),
        _outcome(results, choices),
        _models(results, labels),
        _statistics(results),
        _software(results),
    )
    return "# Methods\n\n" + "\n\n".join(" ".join(part) for part in parts) + "\n"


def _patients(results: Json) -> Iterator[str]:
    flow = results["flow"]
    counts = {kind: [step for step in flow["steps"] if step["kind"] == kind] for kind in ("all", "left out", "split")}
    everyone, analysed = counts["all"][0], next(step for step in flow["steps"] if step["kind"] == "analysed")
    yield (
        f"The cohort {results['provenance']['cohort']} has {everyone['patients'][0]} patients of "
        f"{worded(flow['centres'])}, of whom {analysed['patients'][0]} were analysed."
    )
    if counts["left out"]:
        yield f"Left out were {_listed(_step(step) for step in counts['left out'])}."
    yield f"Cohorts: {_listed(_step(step) for step in counts['split'])}."
    model: Json = next(iter(results["models"].values()), {})
    events = [
        f"{model[split]['auc']['events']} of {model[split]['auc']['n']} in the {_cohort(split)} cohort"
        for split in SPLITS
        if split in model
    ]
    yield f"With the outcome were {_listed(events)}."


def _outcome(results: Json, choices: DictConfig) -> Iterator[str]:
    endpoint = results["provenance"]["endpoint"]
    kind = _KINDS[endpoint["kind"]].format_map({name: worded(value) for name, value in endpoint.items()})
    yield f"The outcome is {choices.endpoint.name}, predicted {kind}."
    gaps = {name: sum(of.values()) for name, of in results["missing"]["variables"].items()}
    lacking = [name for name, number in gaps.items() if number]
    if lacking:
        by_cohort = results["missing"]["variables"]
        yield (
            "Values are missing of "
            + _listed(
                f"{name} ({worded({_cohort(split): n for split, n in by_cohort[name].items()})})" for name in lacking
            )
            + "; a model fills a gap with the training cohort's median or most frequent level."
        )
    if results["missing"]["imputations"]:
        yield (
            f"Coefficients were also pooled over {results['missing']['imputations']} imputed data sets (chained "
            "equations, Rubin's rules)."
        )


def _models(results: Json, labels: Mapping[str, str]) -> Iterator[str]:
    found = results["provenance"]
    rules = found["rules"]
    if found["runs"]:
        yield f"Image signatures are {_listed(_run(run, labels) for run in found['runs'])}."
        yield (
            f"Of {found['runs_looked_at']} finished runs, that of each variant was chosen by "
            f"{rules['run of a variant']}, and the signature by {rules['signature']}."
        )
    tests = [
        f"{name} (P = {p_value(test['p'])})" for name, test in results["univariate"].items() if test["significant"]
    ]
    chosen = f"These are {_listed(tests)}." if tests else "None met this rule."
    yield f"Clinical variables were chosen by {rules['clinical variables']}. {chosen}"
    for name, model in results["models"].items():
        if "regression" in model:
            terms = [term["term"] for term in model["regression"]["terms"] if term["term"] != "intercept"]
            yield (
                f"{MODELS[name]}: logistic regression ({model['regression']['method']}) of {_listed(terms)}, "
                f"{rules['regressions']}{_CONDITIONS.get(name, '')}."
            )
    for name, model in results["models"].items():
        yield (
            f"{MODELS[name]}: threshold {worded(model['threshold'])}, cut-off of the risk groups "
            f"{worded(model['cutoff'])}."
        )
    yield f"Threshold: {rules['threshold']}. Cut-off: {rules['cut-off']}."


def _statistics(results: Json) -> Iterator[str]:
    found = results["provenance"]
    report = found["choices"]["report"]
    yield (
        f"Intervals are {found['rules']['intervals']} intervals. AUCs have intervals of the kind {report['ci']} "
        f"({found['rules']['AUC interval']}) and were compared by paired DeLong tests with Holm's correction."
    )
    yield (
        "Risk groups were compared by Kaplan-Meier curves, the log-rank test and the hazard ratio of a Cox regression "
        f"(ties: {found['rules']['ties']})."
    )
    months = next((list(one["auc_at"]) for model in results["models"].values() for one in model.values()
                   if isinstance(one, Mapping) and "auc_at" in one), [])  # fmt: skip
    yield (
        f"Harrell's and Uno's concordance, and AUC and Brier score at {_listed(months)} months, are of each model in "
        f"each cohort; calibration and net benefit are of the absolute risk by month {report['horizon']:g}, from a Cox "
        "regression of the model's terms on the training cohort."
    )
    yield f"Bootstrap intervals are from {report['bootstrap']} samples (seed {report['seed']})."
    treatment = found["choices"]["prognosis"]["treatment"]
    if treatment and "note" not in results["treatment"]:
        yield f"Additional treatment ({treatment}) was compared with standard treatment within the risk groups."


def _software(results: Json) -> Iterator[str]:
    found = results["provenance"]
    yield f"Analysis by npc {found['npc']} with {worded(found['packages'])}."


def _run(run: Json, labels: Mapping[str, str]) -> str:
    series, slices = variant_in_words(run["variant"], labels)
    return f"{METHODS[run['method']].lower()} on {series} ({slices})"


def _step(step: Json) -> str:
    return f"{step['patients'][0]} ({step['label']})"


def _cohort(split: str) -> str:
    return SPLITS[split].lower()


def _listed(parts: Any) -> str:
    """`a, b and c`."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
