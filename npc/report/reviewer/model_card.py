"""A model card (Mitchell et al., Model cards for model reporting, 2019) from an analysis, as Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from npc.names import METHODS, MODELS, NOT_ESTIMABLE, variant_in_words
from npc.prognosis.analysis import Analysis
from npc.prognosis.provenance import RunUsed
from npc.prognosis.runs import Run
from npc.report.kit import words
from npc.report.reviewer.checklists import AUTHOR
from npc.report.reviewer.wording import worded
from npc.statistics import NotEstimable

_NO_WEIGHTS = "random first weights: trained on this cohort alone, no licence of others"


def model_card(analysis: Analysis) -> str:
    """The card of the first model, with the figures of all models beside it.

    What the analysis does not know, such as the clinical purpose, is left to the author in so many words.
    """
    parts = {
        "Intended use": _intended_use(analysis),
        "Not for": _not_for(analysis),
        "Data": _data(analysis),
        "Training": _training(analysis),
        "Figures by cohort": _figures(analysis),
        "Beside the volume of the tumour": _volume(analysis),
        "Limits": _limits(analysis),
        "Weights and licences": _weights(analysis),
        "Versions": _versions(analysis),
    }
    text = "\n".join(f"## {title}\n{chr(10).join(lines)}\n" for title, lines in parts.items())
    return f"# Model card: {_first(analysis)}, cohort {analysis.choices.cohort.name}\n\n{text}"


def _first(analysis: Analysis) -> str:
    return MODELS[next(iter(analysis.models))]


def _runs(analysis: Analysis) -> list[Run]:
    """The signature of each method."""
    return [analysis.choice.signature(method) for method in analysis.choice.best]


def _intended_use(analysis: Analysis) -> Iterator[str]:
    horizon = analysis.choices.report.horizon
    lead = _variant(analysis, analysis.choice.lead)
    yield f"- Research: the risk of {analysis.choices.endpoint.name} from images ({lead})."
    yield "- Input: images and an outline of the tumour; the clinical variables of the regression where it has them."
    yield f"- Output: a risk, higher is worse; by its Cox form an absolute risk by month {horizon:g}."
    yield f"- Clinical purpose and users: {AUTHOR}."


def _not_for(analysis: Analysis) -> Iterator[str]:
    yield "- Decisions on patients: npc is research software, not a medical device."
    yield f"- Other images than {_variant(analysis, analysis.choice.lead)}, and tumours without outline."
    yield "- Patients unlike those under Data, and hospitals without an external test under Figures by cohort."
    yield "- The choice of a treatment: a prognosis does not say who benefits from one."


def _data(analysis: Analysis) -> Iterator[str]:
    yield from (f"- {line}" for line in analysis.flow.lines())
    for split, title in analysis.splits.items():
        rows = analysis.followed[analysis.followed["split"] == split]
        yield f"- {title}: {len(rows)} patients, {int(rows['event'].sum())} with {analysis.choices.endpoint.name}."
    yield f"- Consent, ethics and how representative the patients are: {AUTHOR}."


def _training(analysis: Analysis) -> Iterator[str]:
    for run in _runs(analysis):
        yield f"- {METHODS[run.method]}: {_variant(analysis, run)}, run {run.key}."
    yield from (f"- {name}: {rule}." for name, rule in analysis.provenance.rules.items())


def _figures(analysis: Analysis) -> Iterator[str]:
    kind = analysis.choices.report.ci
    yield f"AUC ({kind} interval), Harrell's concordance, observed over expected events by month " + (
        f"{analysis.choices.report.horizon:g} and calibration slope, each with its 95% interval."
    )
    rows = []
    for name, result in analysis.models.items():
        for split, title in analysis.splits.items():
            times = analysis.times[name].cohorts[split]
            rows.append([
                MODELS[name], title, str(result.auc[split].n), str(result.auc[split].events),
                words.auc(result.auc[split], kind), words.estimate(times.concordance["harrell"]),
                words.estimate(times.calibration.oe, 2), words.estimate(times.calibration.slope, 2),
            ])  # fmt: skip
    yield from _table(("Model", "Cohort", "n", "Events", "AUC", "Harrell", "O/E", "Slope"), rows)


def _volume(analysis: Analysis) -> Iterator[str]:
    for method, found in analysis.controls.items():
        if isinstance(found, NotEstimable):
            yield f"- {MODELS[method]}: {NOT_ESTIMABLE}: {found}."
            continue
        yield f"- {MODELS[method]}: {found.sentence()}."
        for split, title in analysis.splits.items():
            one = found.volume[split]
            p = words.p_in_text(getattr(one.test, "p", None))
            auc = one.auc if isinstance(one.auc, NotEstimable) else words.number(one.auc)
            signature = words.auc(analysis.models[method].auc[split], analysis.choices.report.ci)
            yield f"  - {title}: AUC of the volume {auc}, of the signature {signature}; {p}."


def _limits(analysis: Analysis) -> Iterator[str]:
    yield from (f"- {MODELS[name]}: {note}." for name, one in analysis.models.items() for note in one.model.notes)
    yield from (f"- {MODELS[name]} is left out: {reason}." for name, reason in analysis.left_out.items())
    if "External test" not in analysis.splits.values():
        yield "- There is no external test cohort."
    gaps = {name: of for name, of in analysis.missing.variables.items() if any(of.values())}
    for name, of in gaps.items():
        yield f"- Missing values of {name}: {worded(of)}."
    yield f"- Limits of the study: {AUTHOR}."


def _weights(analysis: Analysis) -> Iterator[str]:
    used = {run.run_key: run for run in analysis.provenance.runs}
    for run in _runs(analysis):
        yield f"- {METHODS[run.method]}, run {run.key}: {_licence(run, used[run.key])}."
    yield "- The trained weights are model.ckpt of each run; their licence and where they can be had: " + f"{AUTHOR}."
    yield "- npc: Apache-2.0."


def _licence(run: Run, used: RunUsed) -> str:
    if used.encoder is not None:
        of: Mapping[str, Any] = used.encoder
        return f"{of.get('name')} of {of.get('source')}; licence: {of.get('licence')}"
    if run.method == "radiomic":
        return "no weights of others: a regression of features"
    weights = (run.config().get("network") or {}).get("weights")
    if weights == "scratch":
        return _NO_WEIGHTS
    return f"first weights: {weights or 'unknown'}; licence: unknown, {AUTHOR}"


def _versions(analysis: Analysis) -> Iterator[str]:
    yield f"- Analysis: npc {analysis.provenance.npc}, {worded(analysis.provenance.packages)}."
    for run in _runs(analysis):
        found = run.environment()
        if found:
            parts = {key: found[key] for key in ("npc", "python", "packages", "git_commit") if found.get(key)}
            yield f"- Run {run.key}: {worded(parts)}."
        else:
            yield f"- Run {run.key}: versions are not known (no environment.json)."
    for one in analysis.provenance.runs:
        yield f"- predictions.csv of run {one.run_key}: SHA-256 {one.predictions_sha256}."


def _variant(analysis: Analysis, run: Run) -> str:
    return ", ".join(variant_in_words(run.variant, analysis.labels))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Of Markdown; a bar in a cell would begin another one."""
    yield ""
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    yield from (f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)
