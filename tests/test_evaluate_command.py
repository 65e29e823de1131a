"""`python evaluate.py` as a user gives it: what it writes, what it refuses, and that it comes again byte for byte."""

import json
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from lifelines import CoxPHFitter
from lifelines.statistics import logrank_test
from omegaconf import OmegaConf
from sklearn.metrics import roc_auc_score

from npc.bundle.formula import Formula
from npc.cohort.load import load
from npc.config.checks import check_evaluate
from npc.config.loading import CONFIGS, compose
from npc.phantom import source as phantom
from npc.prognosis.analysis import analyse
from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs
from npc.report.kit.folder import write_results
from npc.report.paper.report import print_summary
from npc.report.paper.results import as_json
from npc.report.reviewer import statistician
from tests.commands import ROOT, run_here
from tests.prognosis.run_folders import predictions, write_run
from tests.report.reviewer.checks import (
    check_checklists,
    check_methods,
    check_model_card,
    check_patients,
    check_script,
    lacks_r,
)

pytestmark = pytest.mark.usefixtures("coarse")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom's table; the images are not needed."""
    folder = tmp_path_factory.mktemp("evaluate") / "cohort"
    phantom.write(folder, seed=5, n=160, external=50, matrix=16, readers=0)
    shutil.rmtree(folder / "images")
    return folder


@pytest.fixture(scope="module")
def patients(cohort: Path) -> pd.DataFrame:
    table = pd.read_csv(cohort / "patients.csv", index_col="patient_id", dtype={"patient_id": str})
    split = np.where(table["centre"] == "hospital_2", "test", "train").astype(object)
    split[np.flatnonzero(split == "train")[::8]] = "validation"
    outcome = {"label": table["dm_event"], "time": table["dmfs_months"], "event": table["dm_event"]}
    return table.assign(split=split, **outcome)


@pytest.fixture
def runs(patients: pd.DataFrame, tmp_path: Path) -> Path:
    return write_runs(patients, tmp_path / "runs")


def write_runs(patients: pd.DataFrame, home: Path) -> Path:
    for variant, strength, key in (("cet1-max", 0.8, "a"), ("cet1-max", 0.3, "b"), ("t2-three", 0.2, "c")):
        path = write_run(home, predictions(patients, strength=strength, seed=ord(key)), variant=variant, key=key * 12)
        sizes(patients).to_csv(path / "outlines.csv", index=False)
    return home


def sizes(patients: pd.DataFrame) -> pd.DataFrame:
    """Sizes of outlines without any relation to the outcome."""
    volume = np.random.default_rng(0).uniform(5, 90, len(patients))
    return pd.DataFrame({"patient_id": patients.index, "sequence": "cet1", "volume": volume, "area": volume})


def command(cohort: Path, runs: Path, *more: str) -> list[str]:
    return ["evaluate.py", "cohort=table", f"cohort.root={cohort}", "cohort.name=ours", f"runs={runs}",
            f"reports={runs.parent / 'reports'}", "report.bootstrap=100", "report.permutations=100",
            "prognosis.repeats=0", "prognosis.optimism=0", *more]  # fmt: skip


def evaluate(cohort: Path, runs: Path, *more: str) -> subprocess.CompletedProcess:
    return run_here(*command(cohort, runs, *more))


def analysed(cohort: Path, runs: Path, *more: str) -> tuple[dict, str]:
    """Results and what is printed of them: the command without figures and page, which take most of its time."""
    words = command(cohort, runs, *more)[1:]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        choices = hydra_compose("evaluate", words)
    check_evaluate(choices)
    found, unfinished = finished_runs(runs, "ours")
    patients = load(choices.cohort, choices.endpoint, sequences=[])
    analysis = analyse(patients, choose(found, choices.variants, {}), unfinished, choices)
    folder = runs.parent / "analysed"
    write_results(folder, as_json(analysis))
    statistician.write(folder / "statistician", analysis)
    with redirect_stdout(StringIO()) as printed:
        print_summary(analysis, folder)
    return json.loads((folder / "results.json").read_text()), printed.getvalue()


def results(runs: Path, name: str = "ours") -> dict:
    return json.loads((runs.parent / "reports" / name / "results.json").read_text())


@dataclass(frozen=True)
class Report:
    """A report that no test changes, what it was made from, and what was printed."""

    runs: Path
    printed: str
    results: dict


@pytest.fixture(scope="module")
def report(cohort: Path, patients: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Report:
    runs = write_runs(patients, tmp_path_factory.mktemp("report") / "runs")
    settings = compose(["cohort=table", f"cohort.root={cohort}", "cohort.name=ours", "sequence=cet1", "slices=max"])
    for seed, key in enumerate("ab"):
        settings.seed = seed
        (runs / "ours" / "cet1-max" / (key * 12) / "config.yaml").write_text(OmegaConf.to_yaml(settings, resolve=True))
    run = runs / "ours" / "cet1-max" / ("a" * 12)
    (run / "environment.json").write_text(json.dumps({"packages": {"torch": "2.6"}, "git_commit": "0f1e2d"}))
    done = evaluate(cohort, runs, "prognosis.significance=0.5", "prognosis.repeats=2", "prognosis.optimism=10")
    assert done.returncode == 0, done.stderr
    return Report(runs, done.stdout, results(runs))


def test_a_report_holds_every_figure_with_correct_values(report, patients):
    runs, found = report.runs, report.results
    assert list(found["models"]) == ["combined", "deep_learning", "clinical"]
    best = next(run for run in found["provenance"]["runs"] if run["variant"] == "cet1-max")
    assert best["run_key"] == "a" * 12
    risk = pd.read_csv(runs / "ours" / "cet1-max" / ("a" * 12) / "predictions.csv", index_col="patient_id")["risk"]
    search = found["search"]["deep_learning/cet1-max"]
    assert (search["run_key"], search["runs"]) == ("a" * 12, 2)
    assert found["search"]["deep_learning/all"]["runs"] == 3
    assert (runs.parent / "reports" / "ours" / "tables" / "search.csv").exists()
    signature = found["models"]["deep_learning"]
    cutoff = risk[patients["split"] == "train"].median()
    assert signature["cutoff"] == cutoff
    for split in ("train", "validation", "test"):
        here = patients["split"] == split
        auc = signature[split]["auc"]
        assert auc["estimate"] == pytest.approx(roc_auc_score(patients["label"][here], risk[here]), abs=1e-12)
        assert (auc["n"], auc["events"]) == (here.sum(), patients["label"][here].sum())
        assert auc["ci"][0] <= auc["ci_bootstrap"][0] + 0.1
        assert auc["ci_logit"][0] < auc["estimate"] < auc["ci_logit"][1]
        high = (risk[here] > signature["threshold"]).sum()
        assert signature["classification"][split]["ppv"]["n"] == high
    time, event, high = patients["time"], patients["event"], risk > cutoff
    pooled = signature["survival"]["pooled"]
    test = logrank_test(time[high], time[~high], event[high], event[~high])
    assert pooled["logrank"]["chi2"] == pytest.approx(test.test_statistic, abs=1e-8)
    fitted = CoxPHFitter().fit(pd.DataFrame({"t": time, "d": event, "high": high}), "t", "d")
    assert pooled["hazard_ratio"]["estimate"] == pytest.approx(fitted.hazard_ratios_["high"], abs=1e-4)
    assert pooled["groups"]["high risk"]["n"] == high.sum()
    assert pooled["at_risk"]["high risk"][0] == high.sum()
    assert set(found["comparisons"]) == {"combined__deep_learning", "combined__clinical", "deep_learning__clinical"}
    by_holm = [found["comparisons"][pair]["test"] for pair in found["comparisons"]]
    assert min(t["p_holm"] for t in by_holm) == pytest.approx(min(1, 3 * min(t["p"] for t in by_holm)))
    assert (
        found["table2"]["sex"]["counts"]["men"]["test"] == (patients["sex"][patients["split"] == "test"] == "men").sum()
    )
    assert [(row["sequence"], row["slices"]) for row in found["table3"]] == [("cet1", "max"), ("t2", "three")]
    assert found["table3"][0]["paper"]["validation"] == "0.705 (0.456–0.954)"
    home = runs.parent / "reports" / "ours"
    assert {path.name for path in (home / "figures").glob("*.png")} >= {"roc.png", "risk_groups.png", "treatment.png"}
    page = (home / "report.html").read_text()
    assert "<title>ours: do pretreatment images predict distant metastasis?</title>" in page
    check_words(page)
    assert "http" not in page.replace("http://www.w3.org", "")
    for name in ("table2", "table3", "survival", "treatment", "kaplan_meier", "risks", "regression"):
        assert (home / "tables" / f"{name}.csv").exists()
    titles = ["Training", "Internal validation", "External test"]
    assert list(pd.read_csv(home / "tables" / "auc.csv")) == ["Model", *titles]
    assert list(pd.read_csv(home / "tables" / "table2.csv")) == ["Characteristic", *titles, "P value"]
    assert f"Training (n = {(patients['split'] == 'train').sum()})</th>" in page
    to_compute_with = [home / "results.json", *(home / "tables").glob("*.csv")]
    assert [file.name for file in to_compute_with if "≥" in file.read_text()] == []
    labels = pd.read_csv(home / "tables" / "univariate.csv")["Variable"].tolist()
    assert (labels[3], list(found["univariate"])[3]) == ("N stage", "n_stage")
    nomogram = (home / "figures" / "nomogram_combined.svg").read_text()
    assert "Probability of" in nomogram
    assert "metastasis" in nomogram  # a long title is wrapped
    assert found["provenance"]["rules"]["AUC interval"] == "DeLong on the logit scale"
    check_controls(found["controls"], patients, risk)
    check_chance(found, runs, patients, report.printed)


def check_words(page: str) -> None:
    """A sentence below each table; signs instead of a keyboard's letters; no long figure, no name of code."""
    tables = page.split("<caption>")[1:]
    read = re.compile(r".*?</table></div>\s*<p class=\"reading\">\w", re.DOTALL)
    assert len(tables) > 20
    assert [table.partition("<")[0] for table in tables if not read.match(table)] == []
    assert "≥ 4000</td>" in page
    shown = re.sub(r"<script>.*|<style>.*?</style>|base64,[^\"]*", "", page, flags=re.DOTALL)
    assert not re.search(r"&gt;=|&lt;=|\d\.\d{5}|validation_auc", shown)


def check_chance(found, runs, patients, printed):
    """What would have come out by chance: other seeds, permuted outcomes, refits of the whole choice."""
    of, here = found["seeds"]["deep_learning/cet1-max"], patients["split"] == "test"
    assert (of["n"], of["seeds"], of["chosen"]) == (2, [0, 1], "a" * 12)
    paths = [runs / "ours" / "cet1-max" / key / "predictions.csv" for key in of["run_keys"]]
    risks = [pd.read_csv(path, index_col="patient_id")["risk"] for path in paths]
    aucs = [roc_auc_score(patients["label"][here], risk[here]) for risk in risks]
    assert of["auc"]["test"]["values"] == pytest.approx(aucs)
    home = runs.parent / "reports" / "ours"
    shown = ", ".join(f"{auc:.3f}" for auc in aucs)
    assert shown in printed
    assert shown in (home / "report.html").read_text()
    headline = found["headline"]
    assert (headline["model"], headline["split"], headline["auc"]["permutations"]) == ("combined", "test", 100)
    for name, estimate in (("auc", "auc"), ("harrell", "concordance")):
        whole = found["models"]["combined"]["test"][estimate]
        assert headline[name]["estimate"] == pytest.approx((whole.get("harrell") or whole)["estimate"])
        assert 1 / 101 <= headline[name]["p"] <= 1
        assert headline[name]["null_quantiles"]["0.025"] < 0.5 < headline[name]["null_quantiles"]["0.975"]
    validity = found["validity"]
    assert "out-of-fold" in validity["combined"]["nested_cv"]["note"]  # the network has seen the training patients
    clinical = validity["clinical"]
    assert clinical["optimism"]["apparent"] == found["models"]["clinical"]["train"]["auc"]["estimate"]
    assert clinical["optimism"]["corrected"] < clinical["optimism"]["apparent"]
    assert (clinical["nested_cv"]["folds"], len(clinical["nested_cv"]["auc"]["values"])) == (5, 2)
    assert 0.3 < clinical["nested_cv"]["auc"]["mean"] < clinical["optimism"]["apparent"]
    concordance = [pair["test"]["concordance"]["uno"] for pair in found["comparisons"].values()]
    smallest = min(concordance, key=lambda test: test["p"])
    assert smallest["p_holm"] == pytest.approx(min(1, 3 * smallest["p"]))
    for name in ("seeds", "validity"):
        assert (home / "tables" / f"{name}.csv").exists()


def test_a_report_has_what_a_reviewer_asks_for(report, patients):
    home = report.runs.parent / "reports" / "ours"
    check_checklists(home, report.results, report.printed)
    check_methods(home, report.results)
    check_model_card(home, report.results)
    check_patients(home, report.results, patients)
    assert "Folder reviewer" in (home / "report.html").read_text()


@pytest.mark.slow
def test_the_statisticians_script_repeats_the_figures_with_and_without_proc(report):
    if reason := lacks_r():
        pytest.skip(reason)
    folder = report.runs.parent / "reports" / "ours" / "statistician"
    check_script(folder, report.results)
    check_script(folder, report.results, "--base")


def check_controls(found, patients, risk):
    volume = sizes(patients).set_index("patient_id")["volume"]
    signature = found["deep_learning"]
    for split in ("train", "validation", "test"):
        here = patients["split"] == split
        auc = roc_auc_score(patients["label"][here], volume[here])
        assert signature["volume"][split]["auc"] == pytest.approx(auc, abs=1e-12)
        difference = roc_auc_score(patients["label"][here], risk[here]) - auc
        assert signature["area"][split]["difference"] == pytest.approx(difference, abs=1e-12)
        assert 0 < found["combined"]["volume"][split]["auc"] <= 1
    added = signature["added_to_volume"]
    assert (added["df"], added["held_out"]) == (1, ["test"])
    assert added["events"] == patients.query("split == 'test'")["event"].sum()
    assert signature["verdict"] in ("more than volume", "no more than volume", "can't be told")
    assert -1 < signature["correlation_with_volume"] < 1


def test_the_formulas_of_a_report_give_its_risks(report, cohort, patients):
    """They are what `npc bundle` hands over."""
    settings = compose(["cohort=table", f"cohort.root={cohort}", "cohort.name=ours"])
    typed = load(settings.cohort, settings.endpoint, sequences=[]).patients.loc[patients.index]
    test = patients["split"] == "test"
    for name in ("combined", "deep_learning", "clinical"):
        found = report.results["models"][name]
        formula = Formula({**found["formula"], "name": name, "cutoff": found["cutoff"]})
        signatures = pd.DataFrame(index=patients.index)
        for term, key in found["formula"]["signatures"].items():
            run = pd.read_csv(report.runs / "ours" / "cet1-max" / key / "predictions.csv", index_col="patient_id")
            signatures[term] = run["risk"]
        design = formula.design(signatures, typed)
        risk = formula.risk(design)
        auc = roc_auc_score(patients.loc[test, "label"], risk[test])
        assert auc == pytest.approx(found["test"]["auc"]["estimate"], abs=1e-12)
        assert (formula.group(risk)[test] == "high risk").sum() == found["survival"]["test"]["groups"]["high risk"]["n"]
        survival = np.exp(-formula.baseline.cumulative_hazard([36]))[0]
        assert survival == pytest.approx(found["cox"]["baseline_survival"]["36"])


@pytest.mark.slow
def test_trained_controls_are_reported_and_a_damaged_file_stops_nothing(cohort, runs, patients):
    run = runs / "ours" / "cet1-max" / ("a" * 12)
    (run / "controls").mkdir()
    control = predictions(patients, strength=0.1, seed=1)
    control.to_csv(run / "controls" / "shape.csv", index=False)
    control.iloc[1:].to_csv(run / "controls" / "redrawn.csv", index=False)
    null = pd.DataFrame({"permutation": range(1, 20), "split": "test", "auc": 0.4})
    null.to_csv(run / "controls" / "outcomes.csv", index=False)
    (run / "outlines.csv").write_text("patient_id\n")
    (run / "out_of_fold.csv").write_text("patient_id\n")
    done = evaluate(cohort, runs, "prognosis.signature=in_sample")
    assert done.returncode == 0, done.stderr
    found = results(runs)["controls"]["deep_learning"]
    assert "outlines.csv" in found["note"]
    test = patients[patients["split"] == "test"]
    auc = roc_auc_score(test["label"], control.set_index("patient_id").loc[test.index, "risk"])
    assert found["shape"]["test"]["auc"] == pytest.approx(auc)
    assert 0 < found["shape"]["validation"]["p"] <= 1
    assert found["redrawn"]["test"]["auc"] is None
    assert "redrawn.csv" in found["redrawn"]["test"]["note"]
    assert "shuffled" not in found
    assert found["permuted_outcomes"]["test"] == {"auc_mean": pytest.approx(0.4), "p": 0.05, "permutations": 19}
    home = runs.parent / "reports" / "ours"
    table = pd.read_csv(home / "tables" / "controls.csv")
    assert set(table["Control"]) == {
        "outline alone", "voxels drawn anew from the tumour's histogram", "permuted outcomes"
    }  # fmt: skip
    assert table["AUC of the control"].str.contains("redrawn.csv").sum() == 1
    page = (home / "report.html").read_text()
    assert "Negative controls" in page
    assert "the same method, trained again" in page
    # where the combined model needs the out-of-fold risks, there is no report without them
    refused = evaluate(cohort, runs, "prognosis.signature=out_of_fold")
    assert refused.returncode == 2
    assert "out_of_fold.csv" in refused.stderr


@pytest.mark.slow
def test_the_same_runs_give_the_same_bytes(cohort, report):
    """In a process of its own too."""
    words = [
        sys.executable,
        *command(cohort, report.runs, "name=again", "prognosis.significance=0.5", "prognosis.repeats=2"),
        "prognosis.optimism=10",
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    first, second = (report.runs.parent / "reports" / name / "results.json" for name in ("ours", "again"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.slow
def test_the_fit_does_not_depend_on_the_test_cohort(cohort, report, runs):
    for path in runs.glob("ours/*/*/predictions.csv"):
        table = pd.read_csv(path, float_precision="round_trip")
        table.loc[table["split"] == "test", "risk"] = 0.5
        table.to_csv(path, index=False)
    before, (after, _) = report.results, analysed(cohort, runs, "prognosis.significance=0.5")
    for name, model in before["models"].items():
        for fixed in ("threshold", "cutoff", "regression"):
            assert after["models"][name].get(fixed) == model.get(fixed)
        assert after["models"][name]["train"] == model["train"]
    assert before["univariate"] == after["univariate"]
    assert before["models"]["deep_learning"]["test"] != after["models"]["deep_learning"]["test"]


@pytest.mark.slow
def test_out_of_fold_risks_are_used_where_they_exist_and_reported_where_not(cohort, report, runs, patients):
    assert "train.py refit=" in report.printed
    in_sample = report.results["models"]["combined"]["regression"]
    training = patients.index[patients["split"] == "train"]
    risk = np.random.default_rng(0).random(len(training))
    table = pd.DataFrame({"patient_id": training, "fold": 1, "risk": risk})
    table.to_csv(runs / "ours" / "cet1-max" / ("a" * 12) / "out_of_fold.csv", index=False)
    found, printed = analysed(cohort, runs, "prognosis.significance=0.5")
    assert "fitted on out-of-fold signatures" in printed
    term = found["models"]["combined"]["regression"]["terms"][1]
    assert term["term"] == "signature"
    assert term["p"] > in_sample["terms"][1]["p"]
    signature, before = found["models"]["deep_learning"], report.results["models"]["deep_learning"]
    assert signature["cutoff"] == np.median(risk)
    assert signature["cutoff"] != before["cutoff"]
    high = risk > signature["threshold"]
    assert signature["classification"]["train"]["ppv"]["n"] == high.sum()
    assert signature["train"]["auc"] == before["train"]["auc"]  # apparent
    unseen = roc_auc_score(patients.loc[training, "label"], risk)
    assert signature["train"]["auc_out_of_fold"]["estimate"] == pytest.approx(unseen, abs=1e-12)
    assert "auc_out_of_fold" not in before["train"]
    assert signature["test"]["auc"] == before["test"]["auc"]  # the absolute risks are by the Cox form of other risks
    combined = found["models"]["combined"]["train"]["auc"]["estimate"]
    pair = found["comparisons"]["combined__deep_learning"]
    assert pair["train"]["difference"] == pytest.approx(combined - unseen, abs=1e-12)
    assert "P is not valid" in pair["train"]["note"]
    assert "note" not in pair["test"]
    if not lacks_r():
        check_script(runs.parent / "analysed" / "statistician", found, "--base")
    found, _ = analysed(cohort, runs, "prognosis.significance=0.5", "prognosis.signature=in_sample")
    assert found["models"]["combined"]["regression"] == in_sample
    assert found["models"]["deep_learning"]["cutoff"] == before["cutoff"]


@pytest.mark.slow
def test_undefined_cases_are_reported_and_never_nan(cohort, patients, tmp_path):
    alone = patients.copy()
    alone.loc[alone["split"] == "test", ["label", "event"]] = 0
    table = pd.read_csv(cohort / "patients.csv", dtype=str).set_index("patient_id")
    table.loc[alone.index[alone["split"] == "test"], "dm_event"] = "0"
    folder = tmp_path / "cohort"
    folder.mkdir()
    table.drop(columns=[c for c in table if c.endswith(("_image", "_mask"))]).to_csv(folder / "patients.csv")
    run = predictions(alone)
    run.loc[run["split"] == "test", "risk"] = 0.0
    write_run(tmp_path / "runs", run)
    done = evaluate(folder, tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    found = results(tmp_path / "runs")["models"]["deep_learning"]
    assert found["test"]["auc"]["estimate"] is None
    assert "not estimable: 0 of 50 patients have the event" in found["test"]["auc"]["note"]
    assert found["survival"]["test"]["logrank"]["note"] == "not estimable: there is one group only"
    text = (tmp_path / "reports" / "ours" / "results.json").read_text()
    assert "NaN" not in text
    assert "nan" not in (tmp_path / "reports" / "ours" / "tables" / "auc.csv").read_text()


@pytest.mark.slow
def test_without_clinical_variables_their_models_are_omitted_with_a_message(cohort, runs):
    done = evaluate(cohort, runs, "cohort.clinical=null", "endpoint.survival=overall survival", "report.ci=bootstrap")
    assert done.returncode == 0, done.stderr
    assert "left out: combined model: the cohort declares no clinical variables" in done.stdout
    assert list(results(runs)["models"]) == ["deep_learning"]
    home = runs.parent / "reports" / "ours"
    assert "low risk: median overall survival (months)" in pd.read_csv(home / "tables" / "survival.csv")
    assert "Overall survival" in (home / "figures" / "risk_groups.svg").read_text()
    assert "bootstrap draws" in results(runs)["provenance"]["rules"]["AUC interval"]


def refused(done: subprocess.CompletedProcess) -> str:
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("npc: ")
    return done.stderr


def test_bad_input_is_refused_with_one_message(cohort, runs, patients, tmp_path):
    assert "there is no finished run" in refused(evaluate(cohort, tmp_path / "none"))
    write_run(tmp_path / "half", predictions(patients), done=False)
    assert "no finished run (1 unfinished)" in refused(evaluate(cohort, tmp_path / "half"))
    assert "no finished run of both-max" in refused(evaluate(cohort, runs, "variants=[cet1-max,both-max]"))
    strangers = predictions(patients.rename(index=lambda name: f"X{name}"))
    write_run(tmp_path / "others", strangers)
    assert "it was made from another cohort" in refused(evaluate(cohort, tmp_path / "others"))
    changed = patients.assign(label=1 - patients["label"], event=1 - patients["event"])
    write_run(tmp_path / "changed", predictions(changed))
    assert "are not those of" in refused(evaluate(cohort, tmp_path / "changed"))
    write_run(runs, predictions(patients.iloc[1:]), variant="both-max", key="d" * 12)
    assert "lacks 1 patient" in refused(evaluate(cohort, runs))
    assert "prognosis.cutoff=best: must be one of" in refused(evaluate(cohort, runs, "prognosis.cutoff=best"))


@pytest.mark.slow
def test_runs_of_two_splits_are_refused_unless_one_is_named(cohort, runs, patients):
    for path in runs.glob("ours/*/*/config.yaml"):
        path.write_text("split: {by: by_centre, seed: 0}\n")
    split = patients["split"].to_numpy(copy=True)
    split[split != "test"] = np.roll(split[split != "test"], 3)
    lucky = predictions(patients.assign(split=split), strength=9)
    write_run(runs, lucky, key="e" * 12, config="split: {by: by_centre, seed: 1}\n")
    few = "cohort.clinical=null"  # fewer models to draw
    said = refused(evaluate(cohort, runs))
    assert "3 runs with split.seed=0" in said
    assert "1 run with split.seed=1" in said
    done = evaluate(cohort, runs, "split.seed=0", few)
    assert done.returncode == 0, done.stderr
    assert "1 finished runs with other patients, splits or outcomes are left out" in done.stdout
    assert [run["run_key"] for run in results(runs)["provenance"]["runs"]] == ["a" * 12, "c" * 12]
    assert evaluate(cohort, runs, "split=by_centre", "split.seed=1", few).returncode == 0
    assert [run["run_key"] for run in results(runs)["provenance"]["runs"]] == ["e" * 12]
