"""`evaluate.py`: from finished runs to every table and curve of the paper."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table
from rich.text import Text

from npc import __version__
from npc.cohort import clinical
from npc.cohort.clinical import Variable
from npc.cohort.load import load
from npc.config.values import plain
from npc.prognosis import models
from npc.prognosis.choice import best_by_variant, check_agreement, rank
from npc.prognosis.groups import cutoffs, groups
from npc.prognosis.models import Model
from npc.prognosis.patients import analysed, left_out
from npc.prognosis.runs import METHODS, Run, finished_runs
from npc.prognosis.treatment import arms
from npc.prognosis.univariate import Univariate, univariate
from npc.published import load as load_published
from npc.report.cohort.flow import flow
from npc.report.kit.folder import write_results, write_table
from npc.report.kit.names import COHORTS, MODELS
from npc.report.paper import page, pictures, radiomic, results, search, table2, table3, tables
from npc.report.paper.report import Report
from npc.statistics import NotEstimable
from npc.statistics.classification import youden_threshold

PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "lifelines", "scikit-learn")


def evaluate(config: DictConfig) -> None:
    """Writes `reports/<name>/`.

    Args:
        config: checked choices (`npc.config.checks.check_evaluate`).

    Raises:
        InputError: the cohort, or the runs, can't be used.
    """
    cohort = load(config.cohort, config.endpoint, sequences=[])
    variables = clinical.parse(plain(config.cohort)["clinical"])
    runs, unfinished = finished_runs(Path(config.runs), config.cohort.name)
    chosen = _choose(runs, config.variants)
    endpoint = {name: config.endpoint[name] for name in ("kind", "event", "time", "months")}
    patients = analysed(cohort, chosen[0], **endpoint)

    tests = univariate(patients[patients["split"] == "train"], variables)
    made, absent = _models(patients, tests, chosen, config.prognosis)
    found = {
        **_models_figures(patients, made, config),
        **_treatment(patients, made, variables, config),
        "univariate": results.univariate(tests, config.prognosis.significance),
        "table2": table2.figures(patients, variables, config.report.tests),
        "table3": table3.figures(chosen, load_published(), draws=config.report.bootstrap, seed=config.report.seed),
        "radiomics": radiomic.figures(runs),
        "search": search.figures(runs, draws=config.report.bootstrap, seed=config.report.seed),
        "flow": flow(left_out(cohort, chosen[0]), patients),
        "left_out": absent,
        "provenance": _provenance(config, patients, chosen, runs, unfinished),
    }
    folder = Path(config.reports) / config.name
    report = Report(found, patients, made, config)
    write_results(folder, found)
    for name, table in tables.tables(report).items():
        write_table(folder, name, table)
    drawn = pictures.draw(folder / "figures", report)
    page.write(folder / "report.html", report, drawn)
    _say(report, folder)


def _choose(runs: list[Run], variants: list[str] | None) -> list[Run]:
    """The best run of each variant of each method; they agree on patients, splits and outcomes."""
    chosen: list[Run] = []
    for method in METHODS:
        of_method = [run for run in runs if run.method == method]
        asked = variants if method == "deep_learning" else [v for v in variants or () if of_method] or None
        chosen += best_by_variant(of_method, asked).values() if of_method or asked else []
    check_agreement(chosen)
    return chosen


def _models(
    patients: pd.DataFrame, tests: list[Univariate], chosen: list[Run], prognosis: DictConfig
) -> tuple[dict[str, Model], dict[str, str]]:
    """The models that can be made, and why the others can't."""
    best = {
        m: min((r for r in chosen if r.method == m), key=rank) for m in METHODS if any(r.method == m for r in chosen)
    }
    lead = best.get("deep_learning") or best["radiomic"]
    made: dict[str, Model] = {}
    absent: dict[str, str] = {}
    for name, make in (
        ("combined", lambda: models.combined(patients, tests, prognosis.significance, lead, prognosis.signature)),
        *((method, lambda m=method: models.signature(m, best[m], patients.index)) for method in best),
        ("clinical", lambda: models.clinical(patients, tests, prognosis.significance)),
    ):
        try:
            made[name] = make()
        except NotEstimable as reason:
            absent[name] = str(reason) if tests else "the cohort declares no clinical variables"
    return made, absent


def _models_figures(patients: pd.DataFrame, made: dict[str, Model], config: DictConfig) -> dict[str, Any]:
    risks = pd.DataFrame({name: model.risk for name, model in made.items()})
    return {
        "models": {name: _model(patients, model, config) for name, model in made.items()},
        "comparisons": results.comparisons(patients, risks),
    }


def _model(patients: pd.DataFrame, model: Model, config: DictConfig) -> dict[str, Any]:
    """Everything about one model: what was fixed on the training cohort, then each cohort."""
    by_split = {str(split): rows.index for split, rows in patients.groupby("split")}
    training = by_split["train"]
    threshold = youden_threshold(patients.loc[training, "label"], model.risk[training])
    cutoff = cutoffs(model.risk, patients["split"], config.prognosis.cutoff)
    group = groups(model.risk, patients["split"], cutoff)
    found: dict[str, Any] = {
        split: {"auc": results.auc(patients.loc[ids, "label"], model.risk[ids],
                                   draws=config.report.bootstrap, seed=config.report.seed)}
        for split, ids in by_split.items()
    }  # fmt: skip
    found["threshold"] = threshold
    found["classification"] = {
        split: results.classification(patients.loc[ids, "label"], model.risk[ids], threshold)
        for split, ids in by_split.items()
    }
    found["cutoff"] = cutoff["train"] if config.prognosis.cutoff != "own" else cutoff
    found["survival"] = {
        **{split: results.survival(patients.loc[ids], group[ids]) for split, ids in by_split.items()},
        "pooled": results.survival(patients, group, stratified=True),
    }
    if model.fitted:
        found["regression"] = results.regression(model)
    return found | {"notes": list(model.notes)}


def _treatment(
    patients: pd.DataFrame, made: dict[str, Model], variables: Sequence[Variable], config: DictConfig
) -> dict[str, Any]:
    """Additional against standard treatment within the risk groups of each model."""
    name = config.prognosis.treatment
    declared = {variable.name: variable for variable in variables}
    if name not in declared:
        return {
            "treatment": {
                "note": f"left out: prognosis.treatment={name or 'null'} names no clinical variable of the cohort"
            }
        }
    arm = arms(patients, name)
    others = [variable for variable in variables if variable.name != name]
    found = {}
    for model_name, model in made.items():
        group = groups(model.risk, patients["split"], cutoffs(model.risk, patients["split"], config.prognosis.cutoff))
        contains = model.encoding is not None and name in [v.name for v in model.encoding.variables]
        found[model_name] = results.within_groups(patients, group, arm, others) | {"score_contains_treatment": contains}
    return {"treatment": found}


def _provenance(
    config: DictConfig, patients: pd.DataFrame, chosen: list[Run], runs: list[Run], unfinished: list[Path]
) -> dict[str, Any]:
    """Where every figure comes from, and which cohort fixed what."""
    return {
        "npc": __version__,
        "packages": {name: version(name) for name in PACKAGES},
        "cohort": config.cohort.name,
        "endpoint": plain(config.endpoint),
        "patients": {str(split): len(rows) for split, rows in patients.groupby("split")},
        "runs": [
            {
                "run_key": run.key, "method": run.method, "variant": run.variant, "validation_auc": run.auc,
                "validation_loss": None if run.loss == float("inf") else run.loss,
                "predictions_sha256": hashlib.sha256((run.path / "predictions.csv").read_bytes()).hexdigest(),
                "data": run.data(),
            }
            for run in chosen
        ],
        "runs_looked_at": len(runs),
        "runs_unfinished": len(unfinished),
        "rules": {
            "run of a variant": "highest AUC, then lowest log loss, then run key, on the validation cohort",
            "signature": "the best variant by the same rule",
            "clinical variables": f"univariate P < {config.prognosis.significance:g} on the training cohort",
            "regressions": "fitted on the training cohort",
            "threshold": "Youden on the training cohort",
            "cut-off": {
                "training": "median risk of the training cohort, frozen; above it is high",
                "own": "each cohort's own median (replication)",
                "pooled": "median of all cohorts (replication)",
            }[config.prognosis.cutoff],
            "AUC interval": "DeLong, cut to [0, 1]",
            "ties": "a tie counts one half in an AUC; Efron's in Cox regression",
        },
        "choices": {"prognosis": plain(config.prognosis), "report": plain(config.report)},
    }  # fmt: skip


def _say(report: Report, folder: Path) -> None:
    """What the terminal shows: AUCs, who was left out of what, and where the report lies."""
    table = Table(title=f"{report.config.cohort.name}: AUC ({report.config.report.ci} interval)")
    splits = [split for split in COHORTS if (report.patients["split"] == split).any()]
    for column in ("model", *(COHORTS[split] for split in splits)):
        table.add_column(column)
    for name, model in report.found["models"].items():
        table.add_row(MODELS[name], *(results.auc_in_words(model[s]["auc"], report.config.report.ci) for s in splits))
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    for name, reason in report.found["left_out"].items():
        console.print(Text(f"left out: {MODELS[name].lower()}: {reason}"))
    for name, model in report.found["models"].items():
        for note in model["notes"]:
            console.print(Text(f"{MODELS[name].lower()}: {note}"))
    console.print(Text(f"written to {folder} (open {folder / 'report.html'})"))
