"""What must hold of the folders `reviewer` and `statistician` of any report; tests of whole reports call it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hydra import compose, initialize_config_dir

from npc.config.loading import CONFIGS
from npc.report.reviewer import checklists
from npc.report.reviewer.methods import methods

SHIFT = 500  # added to every number


def check_checklists(home: Path, results: dict, printed: str) -> None:
    page = (home / "reviewer" / "checklists.html").read_text()
    for name in checklists.NAMES:
        head, items = checklists.items(name)
        table = pd.read_csv(home / "reviewer" / f"{name}.csv", dtype=str, keep_default_na=False)
        assert table["item"].tolist() == [item.item for item in items]
        answered = table["status"] == "answered"
        assert (table["answer"][~answered] == "author to fill").all()
        assert (table["source"][answered] != "").all()
        assert (table["source"][~answered] == "").all()
        knowable = pd.Series([item.knowable for item in items])
        assert not (answered & ~knowable).any()
        assert answered[knowable].mean() >= 0.7
        said = f"{head['title']}: {answered.sum()} of the {knowable.sum()} items that software can know are answered"
        assert said in printed
        assert said in page
        for item, source in zip(table["item"][answered], table["source"][answered], strict=True):
            for path in re.findall(r"results\.json: ([^;]+)", source):
                assert list(at(results, path.split("."))), (name, item, path)
    rows = pd.read_csv(home / "reviewer" / "tripod_ai.csv", dtype=str).set_index("item")
    auc = results["models"]["combined"]["test"]["auc"]
    assert f"Combined model: {auc['estimate']:.3f} ({auc['ci_logit'][0]:.3f}" in rows["answer"]["23a"]
    assert "config.yaml of run aaaaaaaaaaaa: preprocess" in rows["source"]["7"]
    assert "0f1e2d" in rows["answer"]["18f"]


def at(tree: Any, names: list[str]) -> Iterator[Any]:
    if not names:
        yield tree
    elif names[0] == "*":
        for value in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
            yield from at(value, names[1:])
    elif isinstance(tree, dict) and names[0] in tree:
        yield from at(tree[names[0]], names[1:])


def check_methods(home: Path, results: dict) -> None:
    """Every number is read: with other numbers in the results there is none of the former ones in the text."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        choices = compose("evaluate", ["cohort=table", "cohort.root=."])
    assert (home / "reviewer" / "methods.md").read_text() == methods(results, choices)
    events = results["models"]["combined"]["train"]["auc"]["events"]
    assert f"{events} of " in methods(results, choices)
    landmark = shifted(results)
    landmark["provenance"]["endpoint"] |= {"kind": "landmark", "months": 36.0}
    assert "as yes or no within 36 months" in methods(landmark, choices)
    months = set(results["models"]["combined"]["train"]["auc_at"])  # keys, which stay
    numbers = set(re.findall(r"(?<![\w.])\d[\d.]*\d|(?<![\w.])\d", methods(shifted(results), choices))) - months
    assert len(numbers) > 10
    names = {*results["table2"], *results["models"]}
    assert not names & numbers
    assert [number for number in numbers if set(number) - {"9", "."} and float(number) < SHIFT] == []


def shifted(value: Any) -> Any:
    """The same with other numbers: those in texts have nines for digits."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value + SHIFT
    if isinstance(value, str):
        return re.sub(r"\d", "9", value)
    if isinstance(value, list):
        return [shifted(one) for one in value]
    return {key: one if key in ("kind", "variant") else shifted(one) for key, one in value.items()}


def check_model_card(home: Path, results: dict) -> None:
    card = (home / "reviewer" / "model_card.md").read_text()
    for title in ("Intended use", "Not for", "Data", "Training", "Figures by cohort", "Beside the volume of the tumour",
                  "Limits", "Weights and licences", "Versions"):  # fmt: skip
        assert f"\n## {title}\n" in card
    auc = results["models"]["deep_learning"]["test"]["auc"]
    cell = f"{auc['estimate']:.3f} ({auc['ci_logit'][0]:.3f}–{auc['ci_logit'][1]:.3f})"
    assert f"| Deep-learning signature | External test | {auc['n']} | {auc['events']} | {cell} |" in card
    volume = results["controls"]["deep_learning"]["volume"]["test"]["auc"]
    assert f"External test: AUC of the volume {volume:.3f}, of the signature {cell}" in card
    assert "author to fill" in card
    assert "random first weights" in card
    assert results["provenance"]["runs"][0]["predictions_sha256"] in card


def check_patients(home: Path, results: dict, patients: pd.DataFrame) -> None:
    """All patients with their values, none with an id; the numbers have no relation to the order of ids."""
    folder = home / "statistician"
    table = pd.read_csv(folder / "patients.csv")
    assert sorted(table["pseudonym"]) == list(range(1, len(patients) + 1))
    for path in [*folder.iterdir(), *(home / "reviewer").iterdir()]:
        assert not [name for name in patients.index if name in path.read_text()], path
    risk = "risk_deep_learning"
    joined = table.merge(patients.reset_index(), on=["time", "event", "centre", "age", "split"])
    assert len(joined) == len(patients)
    assert abs(joined["pseudonym"].corr(joined["patient_id"].rank())) < 0.3
    test = table[table["split"] == "test"]
    threshold = results["models"]["deep_learning"]["threshold"]
    assert (test[risk] > threshold).sum() == results["models"]["deep_learning"]["classification"]["test"]["ppv"]["n"]
    assert set(test["group_combined"]) == {"low risk", "high risk"}
    dictionary = pd.read_csv(folder / "dictionary.csv", keep_default_na=False)
    assert dictionary["column"].tolist() == table.columns.tolist()
    rows = dictionary.set_index("column")
    assert (rows["unit"]["ebv_dna"], rows["unit"]["time"]) == ("copies/mL", "months")
    assert rows["levels"]["n_stage"] == "N0; N1; N2; N3"
    assert (rows["meaning"] != "").all()


def lacks_r() -> str | None:
    """Why the script can't be run here."""
    if not shutil.which("Rscript"):
        return "Rscript is not here (Debian: r-base-core r-cran-survival)"
    if subprocess.run(["Rscript", "-e", "library(survival)"], capture_output=True).returncode:
        return "R is here without the package survival (Debian: r-cran-survival)"
    return None


def check_script(folder: Path, results: dict, *options: str) -> None:
    """R gives what results.json has, to 1e-6."""
    words = ["Rscript", folder / "main_figures.R", folder, *options]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    written = pd.read_csv(folder / "main_figures.csv").set_index(["model", "cohort", "figure"])
    expected = list(main_figures(results))
    assert len(expected) > 50
    for place, estimate, ci in expected:
        found = written.loc[place]
        assert found["estimate"] == pytest.approx(estimate, abs=1e-6), place
        if ci is not None:
            assert found[["lower", "upper"]].tolist() == pytest.approx(ci, rel=1e-6, abs=1e-6), place


def main_figures(results: dict) -> Iterator[tuple[tuple[str, str, str], float, list[float] | None]]:
    """Model, cohort and figure, the estimate and its interval, of all that are estimable."""
    for model, of in results["models"].items():
        for split in ("train", "validation", "test"):
            survival = of["survival"][split]
            found = {
                "auc": of[split]["auc"],
                "concordance": of[split]["concordance"]["harrell"],
                "logrank": {"estimate": survival["logrank"]["chi2"], "ci": None},
                "hazard_ratio": survival["hazard_ratio"],
                **{
                    f"{group} {month}": one
                    for group, by_month in of[split]["survival_at"].items()
                    for month, one in by_month.items()
                },
            }
            for figure, one in found.items():
                if one["estimate"] is not None:
                    yield (model, split, figure), one["estimate"], one["ci"]
