"""`npc bundle`: from finished runs, and a report, to the members of a bundle."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf

from npc.bundle import frozen, networks, radiomic
from npc.bundle.card import card
from npc.bundle.figures import figures
from npc.bundle.population import measures, summary
from npc.cohort import clinical
from npc.cohort.load import load
from npc.config.regions import named_regions
from npc.config.values import plain, run_sequences
from npc.errors import InputError
from npc.names import FEWEST, MODELS, TUMOUR, series_labels
from npc.prognosis import models
from npc.prognosis.absolute_risk import cox_form
from npc.prognosis.estimable import estimated
from npc.prognosis.formula import as_plain
from npc.prognosis.groups import cutoffs
from npc.prognosis.runs import Run, read_run
from npc.run.folder import environment
from npc.statistics.classification import youden_threshold

_PACK = {
    "deep_learning": networks.pack,
    "ensemble": networks.pack,
    "frozen": frozen.pack,
    "radiomic": radiomic.pack,
}
_ENDPOINT = ("kind", "event", "time", "months", "name", "survival")


def members(
    runs: Sequence[Path],
    report: Path | None = None,
    model: str | None = None,
    *,
    use: str = "",
    licence: str = "",
    with_images: bool = True,
) -> tuple[dict[str, bytes], list[str]]:
    """The members of a bundle, and notes on what it lacks.

    Args:
        runs: folders of finished runs: the signatures of the model.
        report: folder of the report whose model it is; None for the signature of the one run.
        model: of the report, such as `combined` or `clinical`; None for its first.
        use: what the model is meant for.
        licence: under which it is handed over.
        with_images: whether the training patients' images are measured, so that others are told who is unlike them.

    Raises:
        InputError: runs or report can't be used.
    """
    found = [_finished(path) for path in runs]
    configs = {run.key: _config(run) for run in found}
    config = configs[found[0].key]
    formula, known = _of_report(report, model) if report else _of_run(found, model)
    by_key = {run.key: run for run in found}
    if lacking := [key for key in formula["signatures"].values() if key not in by_key]:
        raise InputError(
            f"{MODELS[formula['name']].lower()} of {report}: its signature is the run {lacking[0]}; "
            "give the folder of that run, too"
        )
    content: dict[str, bytes] = {}
    for term, key in formula["signatures"].items():
        check_regions(by_key[key])
        content |= _signature(term, by_key[key], configs[key])
    sequences = _sequences(content)
    regions = {configs[key].get("region", TUMOUR) for key in formula["signatures"].values()} or {TUMOUR}
    if len(regions) > 1:
        raise InputError(f"region: the signatures of the model see {' and '.join(sorted(regions))}; bundle one region")
    (region,) = regions
    population, notes = _population(found[0], config, sequences, region, with_images)
    labels = series_labels(config.cohort.sequences, config.cohort.get("labels") or {})
    about = {
        "model": formula["name"],
        "title": MODELS[formula["name"]],
        "endpoint": {name: plain(config)["endpoint"].get(name) for name in _ENDPOINT},
        "sequences": {name: labels[name] for name in sequences},
        "region": region,
        **({"rois": _rois(config, region)} if config.cohort.get("rois") else {}),
        "use": use or "research; it is no medical device, and no decision on a patient may rest on it",
        "licence": licence or "not stated: ask the hospital that made it",
        "figures": known,
        "made_by": {name: value for name, value in environment().items() if name in ("npc", "python", "packages")},
    }
    content |= {
        "model.json": _json(about),
        "formula.json": _json(formula),
        "population.json": _json(population),
        "README.md": card(about, formula, population, _settings(content)).encode(),
    }
    return content, [*notes, *_free_text(about, config, formula, population)]


def _free_text(
    about: Mapping[str, Any], config: DictConfig, formula: Mapping[str, Any], population: Mapping[str, Any]
) -> list[str]:
    """What the file has in the words of contours and tables, which only a person can read for identifiers."""
    rois, declared = about.get("rois", {}), config.cohort.clinical
    found = [f"the region {name} is named {value!r}" for name, value in rois.items() if isinstance(value, str)]
    levels: dict[str, dict[str, None]] = {}  # in order, each once; without the cohort the population has none
    for name, of in (*population["clinical"].items(), *((of["name"], of) for of in formula["variables"])):
        if of["kind"] == "categorical" and not (declared.get(name) or {}).get("levels"):
            words = of.get("counts") or formula["levels"].get(name, ())
            levels.setdefault(name, {}).update(dict.fromkeys(words))
    found += [f"{name} has the levels {', '.join(of)}" for name, of in levels.items()]
    said = "; ".join(found)
    return [f"the file says, in the words of the cohort: {said}; see that no person is named"] if found else []


def check_regions(run: Run) -> None:
    """Refuses a region of a few training patients: what fills it where it is absent would be their own features.

    Raises:
        InputError: a region is outlined in fewer than five of them, and in one at least.
    """
    sizes = run.outlines() if run.sees_several_regions else None
    if sizes is None:
        return
    training = pd.DataFrame(sizes[run.predictions["split"] == "train"]["volume"])
    outlined = (training > 0).T.groupby(level="region").any().T.sum()
    if few := [f"{count} of {name}" for name, count in outlined.items() if 0 < count < FEWEST]:
        raise InputError(
            f"{run.path}: training patients with an outline: {', '.join(few)}; a bundle shows nothing of fewer than "
            f"{FEWEST} patients, so bundle a run without this region"
        )


def _signature(term: str, run: Run, config: DictConfig) -> dict[str, bytes]:
    from safetensors.torch import save

    own, tensors = _PACK[run.method](run, config)
    settings = {
        "method": run.method,
        "sequences": list(run_sequences(config)),
        "slices": config.slices,
        "run_key": run.key,
        **own,
    }
    return {
        f"signatures/{term}/settings.json": _json(settings),
        f"signatures/{term}/weights.safetensors": save(tensors),
    }


def _settings(content: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """Of each signature, by term."""
    files = [name for name in content if name.endswith("/settings.json")]
    return {name.split("/")[1]: json.loads(content[name]) for name in files}


def _sequences(content: Mapping[str, bytes]) -> list[str]:
    return list(dict.fromkeys(name for of in _settings(content).values() for name in of["sequences"]))


def _finished(path: Path) -> Run:
    if not (path / "DONE").exists():
        raise InputError(f"{path}: there is no finished run; give a folder runs/<cohort>/<variant>/<key> with DONE")
    run = read_run(path)
    for name in ("model.ckpt", "config.yaml"):
        if not (path / name).exists():
            raise InputError(f"{path / name} is missing, so nothing can be handed over; train the run again")
    return run


def _config(run: Run) -> DictConfig:
    config = OmegaConf.load(run.path / "config.yaml")
    assert isinstance(config, DictConfig)
    return config


def _of_run(runs: Sequence[Run], model: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The signature of a run with threshold, cut-off and Cox form, as a report makes them, and its figures."""
    if len(runs) > 1 or model not in (None, runs[0].method):
        raise InputError(
            f"{len(runs)} runs{f', --model {model}' if model else ''}: a model of several parts is that of a report; "
            "name its folder with --report"
        )
    run = runs[0]
    lost = run.unlabelled()
    labelled = run.predictions
    patients = labelled if lost is None else pd.concat([labelled, lost.assign(label=float("nan"))])
    found = models.signature(run.method, run, patients.index)
    training = labelled["split"] == "train"
    held_out = found.held_out[labelled.index]
    return {
        "name": run.method,
        "threshold": youden_threshold(labelled.loc[training, "label"], held_out[training]),
        "cutoff": cutoffs(held_out, labelled["split"], "training")["train"],
        **as_plain(found, estimated(cox_form, patients, found), {run.method: run.key}, patients),
    }, figures(json.loads((run.path / "metrics.json").read_text()))


def _of_report(report: Path, model: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    path = report / "results.json"
    try:
        by_name = json.loads(path.read_text(encoding="utf-8"))["models"]
    except (OSError, ValueError, KeyError):
        raise InputError(f"{path} can't be read as results; give the folder of a report (evaluate.py)") from None
    name = model or next(iter(by_name))
    if name not in by_name:
        raise InputError(f"--model {name}: {report} has {', '.join(by_name)}; choose one of them")
    found = by_name[name]
    if "formula" not in found:
        raise InputError(
            f"{path} was written by an older npc, without the formulas of its models; run evaluate.py again"
        )
    cutoff = found["cutoff"]["train"] if isinstance(found["cutoff"], dict) else found["cutoff"]
    return {"name": name, "threshold": found["threshold"], "cutoff": cutoff, **found["formula"]}, figures(found)


def _rois(config: DictConfig, region: str) -> dict[str, int | str]:
    """How the training cohort's outlines name the model's regions; those of another hospital may do it otherwise."""
    return {name: config.cohort.rois[name] for name in named_regions(region)}


def _population(
    run: Run, config: DictConfig, sequences: Sequence[str], region: str, with_images: bool
) -> tuple[dict[str, Any], list[str]]:
    """The training population, from the folder of the cohort where it is still there."""
    ids = run.predictions.index[run.predictions["split"] == "train"]
    nothing = {"patients": len(ids), "clinical": {}, "images": {}}
    try:
        cohort = load(config.cohort, config.endpoint, sequences).of_region(region)
        training = cohort.patients.loc[ids]
        variables = clinical.parse(plain(config.cohort)["clinical"])
        measured = measures(replace(cohort, patients=training), sequences) if with_images else None
        return summary(training, variables, measured), []
    except (InputError, KeyError, OSError) as error:
        reason = error.faults[0] if isinstance(error, InputError) else f"{config.cohort.root} has other patients"
        return nothing, [
            f"the training population is not in the bundle, "
            f"so no prediction warns of patients unlike it ({reason}); make the "
            "bundle where the cohort is"
        ]


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()
