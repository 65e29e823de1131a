"""The first section of `report.html`: the answer in words and figures, and what does not follow from it."""

from collections.abc import Iterator, Sequence

from npc.names import MODELS, variant_in_words
from npc.prognosis.analysis import Analysis
from npc.prognosis.controls import MORE, Controls
from npc.prognosis.times import Calibration
from npc.report.kit import words
from npc.report.kit.page import Figure, Section
from npc.statistics import NotEstimable
from npc.statistics.estimate import Estimate

# In an external validation: with fewer, calibration and differences can't be told (Vergouwe et al., 2005).
FEW_EVENTS = 100


def section(analysis: Analysis, figures: Sequence[Figure]) -> Section:
    """The summary, with the flow diagram."""
    text: list[str | list[str]] = [*_answer(analysis), "It would be wrong to conclude:", list(_wrong(analysis))]
    return Section("Summary", text, figures=figures)


def question(analysis: Analysis) -> str:
    """The title of the page: the cohort, the name of a report that has another one, and the question."""
    cohort, name = analysis.choices.cohort.name, analysis.choices.name
    of = cohort if name == cohort else f"{cohort}, report {name}"
    return f"{of}: do pretreatment images predict {analysis.choices.endpoint.name}?"


def _held_out(analysis: Analysis) -> str:
    return next(split for split in ("test", "validation", "train") if split in analysis.splits)


def _answer(analysis: Analysis) -> Iterator[str]:
    split, (name, result) = _held_out(analysis), next(iter(analysis.models.items()))
    cohort, auc = analysis.splits[split], result.auc[split]
    times = analysis.times[name].cohorts[split]
    series, slices = variant_in_words(analysis.choice.lead.variant, analysis.labels)
    yield (
        f"Cohort {analysis.choices.cohort.name}: {len(analysis.followed)} patients, "
        f"{int(analysis.followed['event'].sum())} with {analysis.choices.endpoint.name}. The first model is the "
        f"{_small(name)}; the chosen run of its signature is {analysis.choice.lead.key} "
        f"({series}, {slices.lower()}), the best in the internal validation cohort."
    )
    yield (
        f"{cohort} ({auc.n} patients, {auc.events} events): AUC {words.auc(auc, analysis.choices.report.ci)}, "
        f"Harrell's concordance {words.estimate(times.concordance['harrell'])}; 95% intervals."
    )
    for method, found in analysis.controls.items():
        if isinstance(found, Controls):
            volume = words.number(found.volume[split].auc)
            yield f"{MODELS[method]} beside the volume of the tumour (AUC {volume}): {found.sentence()}."
    yield _calibrated(times.calibration, name)


def _calibrated(found: Calibration, name: str) -> str:
    oe, slope = words.estimate(found.oe, 2), words.estimate(found.slope, 2)
    state = {
        True: "both intervals contain 1, the right value",
        False: "it is not calibrated",
        None: "calibration is unknown",
    }
    return (
        f"Absolute risks of the {_small(name)} by month {found.horizon:g}: {state[_contains_one(found)]} "
        f"(observed over expected events {oe}, calibration slope {slope})."
    )


def _contains_one(found: Calibration) -> bool | None:
    """Whether the intervals of both figures contain the right value, 1; None where one is not estimable."""
    estimates = [one for one in (found.oe, found.slope) if isinstance(one, Estimate)]
    limits = [one.ci for one in estimates if isinstance(one.ci, tuple)]
    return all(low <= 1 <= high for low, high in limits) if len(limits) == 2 else None


def _wrong(analysis: Analysis) -> Iterator[str]:
    """What a reader may be tempted to conclude, with the reason why it does not follow."""
    split, (name, result) = _held_out(analysis), next(iter(analysis.models.items()))
    auc, kind = result.auc[split], analysis.choices.report.ci
    limits = auc.intervals.get(kind)
    if not isinstance(limits, tuple) or limits[0] <= 0.5:
        yield f"that the {_small(name)} predicts at all: the interval of its AUC contains 0.5, the value of chance."
    for method, found in analysis.controls.items():
        if isinstance(found, NotEstimable):
            yield f"that the {_small(method)} is more than the size of the tumour: it was not compared with it."
        elif found.verdict != MORE:
            yield f"that the {_small(method)} is more than the size of the tumour: {found.sentence()}."
    if auc.events < FEW_EVENTS:
        yield (
            f"that the figures are precise, or that one model is better than another that is close to it: there are "
            f"{auc.events} events in the cohort {analysis.splits[split]}, and {FEW_EVENTS} are recommended."
        )
    if split != "test":
        yield "that the model works in other patients: there is no test cohort."
    elif analysis.patients.loc[analysis.patients["split"] == "test", "centre"].nunique() == 1:
        yield "that it works in every hospital: one hospital tested it."
    if analysis.treatment:
        yield "that a risk group needs a treatment: treatments were not randomised, and a prognosis shows no benefit."


def _small(name: str) -> str:
    """The name of a model within a sentence."""
    title = MODELS[name]
    return title if title[:2].isupper() else title[0].lower() + title[1:]
