"""What a bundle holds: all that a prediction needs, and nothing of a patient."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf
from scipy.special import expit

from npc.bundle.formula import Formula
from npc.bundle.write import members
from npc.cohort import clinical
from npc.cohort.load import load
from npc.config.values import plain
from npc.errors import InputError
from npc.names import with_signs
from npc.prognosis import models
from npc.prognosis.absolute_risk import cox_form
from npc.prognosis.encoding import ends
from npc.prognosis.formula import as_plain
from npc.prognosis.runs import read_run
from npc.prognosis.univariate import univariate
from npc.report.paper import nomogram
from tests.commands import run_here
from tests.signature.tiny_runs import FinishedRun

SECRETS = ("QUILLFEATHER", "MRN-60422917", "larkspur-hollow", "Wendreda", "1943-11-07")


def searched(content: dict[str, bytes], secrets: list[str]) -> list[str]:
    """The secrets that a member holds, in its content or its name."""
    everything = b"".join(name.encode() + b"\n" + of for name, of in content.items()).lower()
    return [secret for secret in secrets if secret.lower().encode() in everything]


def test_no_patient_and_no_path_is_in_the_file(content: dict[str, bytes], run: FinishedRun):
    config = OmegaConf.load(run.path / "config.yaml")
    patients = [str(patient) for patient in run.predictions.index]
    values = [repr(float(value)) for value in run.predictions["risk"]]
    places = [config.cohort.root, config.store, config.runs, str(run.path.parent), "hospital_1", "patients.csv"]
    told = json.loads(content["formula.json"])
    allowed = {repr(told["threshold"]), repr(told["cutoff"])}  # numbers of the model, which may be a patient's risk
    assert searched(content, [*patients, *places, *(value for value in values if value not in allowed)]) == []


def test_an_older_version_finds_no_setting_that_it_does_not_know(content: dict[str, bytes]):
    """Settings that were added later are in the file only where they have another value."""
    (settings,) = (json.loads(of) for name, of in content.items() if name.endswith("settings.json"))
    assert settings["members"][0]["network"]["network"].keys() == {"backbone", "join", "weights", "batch_norm"}


def test_what_is_planted_in_a_config_stays_there(run: FinishedRun, tmp_path: Path):
    copy = shutil.copytree(run.path, tmp_path / run.path.name)
    config = OmegaConf.load(copy / "config.yaml")
    config.cohort.root = f"/data/{SECRETS[2]}"
    config.cohort.name, config.cohort.development = SECRETS[0], SECRETS[3]
    config.cohort.exclude = {SECRETS[1]: f"born {SECRETS[4]}"}
    config.runs, config.store, config.logger.project = f"/home/{SECRETS[0]}", f"/{SECRETS[2]}/store", SECRETS[3]
    config.network.weights = f"/home/{SECRETS[2]}/weights.pt"
    OmegaConf.save(config, copy / "config.yaml")
    content, notes = members([copy])
    assert searched(content, list(SECRETS)) == []
    assert "the training population is not in the bundle" in notes[0]


def test_the_card_says_what_a_reader_must_know(content: dict[str, bytes]):
    card = content["README.md"].decode()
    for text in ("Deep-learning signature", "CET1-w (`cet1`)", "no medical device", "Licence", "Training cohort: 36"):
        assert text in card
    figures = json.loads(content["model.json"])["figures"]
    assert set(figures) == {"train", "validation"}  # the test cohort has three events: too few to be told


def test_numbers_of_few_patients_are_not_told(content: dict[str, bytes]):
    known = json.loads(content["population.json"])
    for of in known["clinical"].values():
        if of["kind"] == "continuous":
            assert of["share"] * 36 >= 4.99
        else:
            assert all(n is None or n >= 5 for n in of["counts"].values())
            hidden = [n for n in of["counts"].values() if n is None]
            assert len(hidden) != 1  # it would follow from the others


@pytest.fixture(scope="module")
def combined(run: FinishedRun) -> tuple[models.Model, pd.DataFrame, dict]:
    """A combined model of the run, as a report makes it."""
    config = OmegaConf.load(run.path / "config.yaml")
    found = read_run(run.path)
    cohort = load(config.cohort, config.endpoint, ["cet1"])
    patients = cohort.patients.join(found.predictions[["split", "label", "time", "event"]])
    tests = univariate(patients[patients["split"] == "train"], clinical.parse(plain(config.cohort)["clinical"]))
    model = models.combined(patients, tests, 0.6, found, "in_sample")
    assert {variable.kind for variable in model.variables} >= {"continuous", "ordinal"}
    return model, patients, as_plain(model, cox_form(patients, model), {"signature": found.key}, patients)


def test_the_formula_gives_the_risks_of_the_report(combined: tuple[models.Model, pd.DataFrame, dict]):
    model, patients, written = combined
    formula = Formula({**json.loads(json.dumps(written)), "name": "combined", "threshold": 0.5, "cutoff": 0.5})
    design = formula.design(model.design[["signature"]], patients)
    pd.testing.assert_frame_equal(design, model.design)
    pd.testing.assert_series_equal(formula.risk(design), model.risk.rename("risk"), rtol=1e-12)
    form = cox_form(patients, model)
    expected = form.probability(patients.index, [36, 60])
    assert formula.absolute(design, [36, 60]).to_numpy() == pytest.approx(expected, rel=1e-9)
    assert formula.absolute(design, [36, 600]).columns.tolist() == ["risk_36"]  # 600 is beyond the follow-up


def test_the_points_are_those_of_the_drawn_nomogram(combined: tuple[models.Model, pd.DataFrame, dict]):
    """A patient's probability can be read from their sum, as from the figure."""
    model, patients, written = combined
    formula = Formula({**json.loads(json.dumps(written)), "name": "combined", "threshold": 0.5, "cutoff": 0.5})
    points = formula.points(model.design)
    scales = list(model.scales(patients).values())
    lines = {
        title: dict(ticks) for title, ticks, _ in nomogram._lines(scales, float(model.fitted.coefficient[0]), "DM")
    }
    assert len(points.columns) == len(scales) + 1
    for variable in (of for of in model.variables if of.kind == "ordinal"):
        drawn = patients[variable.name].astype(str).map(lines[variable.title]).astype(float).dropna()
        assert len(drawn) > 50
        assert points.loc[drawn.index, variable.name].to_numpy() == pytest.approx(drawn.to_numpy(), abs=1e-9)
    assert max(max(lines[with_signs(of.title)].values()) for of in scales) == pytest.approx(100)
    unit = written["nomogram"]["points"]
    base = written["intercept"] + sum(of["low"] for of in written["nomogram"]["parts"].values())
    assert expit(base + points["total points"] / unit).to_numpy() == pytest.approx(model.risk.to_numpy(), rel=1e-9)


def test_a_scale_ends_at_the_value_of_no_single_patient():
    values = pd.Series([*range(30, 70), 1e6, -500, None])
    assert ends(values) == (33, 66)
    few = pd.Series([54.0, 60, 61, 62, 63, 64, 65, 70, 80])  # the fifth lowest of nine is the fifth highest
    assert ends(few) == (few.mean(), few.mean())


@pytest.mark.slow
def test_the_model_of_a_report(combined, run: FinishedRun, elsewhere: Path, tmp_path: Path, shared):
    model, _, written = combined
    auc = {"n": 36, "events": 14, "estimate": 0.8, "ci_logit": [0.7, 0.9]}
    found = {"threshold": 0.4, "cutoff": 0.3, "formula": written, "train": {"auc": auc}}
    (tmp_path / "results.json").write_text(json.dumps({"models": {"combined": found}}))
    made = run_here("npc", "bundle", run.path, "--report", tmp_path, "-o", tmp_path / "m.zip", "--licence", "CC BY 4.0")
    assert made.returncode == 0, made.stderr
    rows = pd.read_csv(elsewhere / "patients.csv", dtype=str).head(8)
    rows.loc[0, [variable.name for variable in model.variables]] = ""
    folder = shutil.copytree(elsewhere, tmp_path / "cohort", copy_function=shutil.copyfile)
    rows.to_csv(folder / "patients.csv", index=False)
    given = ("cohort=table", f"cohort.root={folder}", f"store={shared.store}", "-o", tmp_path / "out")
    done = run_here("npc", "predict", tmp_path / "m.zip", *given, "--pages")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "predictions.csv", dtype={"patient_id": str}).set_index("patient_id")
    others = table.index[1:]
    assert table.loc[others, "risk"].to_numpy() == pytest.approx(model.risk[others].to_numpy(), abs=1e-6)
    assert (table["group"] == "high risk").equals(table["risk"] > 0.3)
    told = pd.read_csv(tmp_path / "out" / "warnings.csv").query("patient_id == @table.index[0]")
    assert told["warning"].str.startswith("missing: the training cohort's").sum() == len(model.variables)
    adds = pd.read_csv(tmp_path / "out" / "contributions.csv", dtype={"patient_id": str}).set_index("patient_id")
    assert set(adds) == set(model.terms)
    points = pd.read_csv(tmp_path / "out" / "points.csv", dtype={"patient_id": str}).set_index("patient_id")
    assert list(points) == ["signature", *(variable.name for variable in model.variables), "total points"]
    page = (tmp_path / "out" / "pages" / f"{table.index[3]}.html").read_text()
    assert f"<td>{points.iloc[3]['total points']:.1f}</td>" in re.sub(r"<td[^>]*>", "<td>", page)
    assert "Points are those of the nomogram" in page
    rows["ebv_dna"] = pd.to_numeric(rows["ebv_dna"]) / 1000
    rows.to_csv(folder / "patients.csv", index=False)
    done = run_here("npc", "predict", tmp_path / "m.zip", *given)
    assert done.returncode == 2
    assert "ebv_dna: the median is" in done.stderr
    assert "EBV DNA (copies/mL)); is it in another unit? convert it" in done.stderr
    assert "add --same-unit ebv_dna (in Python" in done.stderr
    assert run_here("npc", "predict", tmp_path / "m.zip", *given, "--same-unit", "ebv_dna").returncode == 0
    done = run_here("npc", "predict", tmp_path / "m.zip", *given, "--same-unit", "ebv")
    assert "--same-unit ebv: the model has no such variable; it has" in done.stderr


@pytest.mark.slow
def test_a_model_without_images(combined, run: FinishedRun, elsewhere: Path, tmp_path: Path):
    """The clinical model of a report needs a table alone."""
    model, patients, _ = combined
    tests = univariate(patients[patients["split"] == "train"], model.variables)
    fitted = models.clinical(patients, tests, 0.99)
    plain_form = as_plain(fitted, cox_form(patients, fitted), {}, patients)
    auc = {"n": 36, "events": 14, "estimate": 0.8, "ci_logit": [0.7, 0.9]}
    found = {"threshold": 0.4, "cutoff": 0.3, "formula": plain_form, "train": {"auc": auc}}
    (tmp_path / "results.json").write_text(json.dumps({"models": {"combined": {}, "clinical": found}}))
    given = ("--report", tmp_path, "--model", "clinical", "-o", tmp_path / "m.zip")
    assert run_here("npc", "bundle", run.path, *given).returncode == 0
    done = run_here("npc", "predict", tmp_path / "m.zip", "cohort=table", f"cohort.root={elsewhere}", "--json")
    assert done.returncode == 0, done.stderr
    risks = {of["patient_id"]: of["risk"] for of in json.loads(done.stdout)["predictions"]}
    assert risks == pytest.approx(fitted.risk.to_dict(), rel=1e-9)
    values = [f"{v.name}={patients[v.name].astype(str).iloc[0]}" for v in fitted.variables]
    one = run_here("npc", "predict", tmp_path / "m.zip", "--json", *(w for v in values for w in ("--clinical", v)))
    assert one.returncode == 0, one.stderr
    assert json.loads(one.stdout)["predictions"][0]["risk"] == pytest.approx(fitted.risk.iloc[0], rel=1e-9)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((), "there is no finished run"),
        (("--model", "combined"), "a model of several parts is that of a report"),
        (("--report", "nowhere"), "can't be read as results"),
    ],
)
def test_what_can_not_be_handed_over_is_told(given: tuple[str, ...], message: str, run: FinishedRun, tmp_path: Path):
    done = run_here("npc", "bundle", run.path if given else tmp_path, *given, "-o", tmp_path / "m.zip")
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "m.zip").exists()


def test_the_signature_of_another_run_is_asked_for(combined, run: FinishedRun, tmp_path: Path):
    written = {**combined[2], "signatures": {"signature": "0" * 12}}
    (tmp_path / "results.json").write_text(
        json.dumps({"models": {"combined": {"threshold": 0, "cutoff": 0, "formula": written}}})
    )
    with pytest.raises(InputError, match=f"its signature is the run {'0' * 12}; give the folder of that run, too"):
        members([run.path], tmp_path)


def test_words_of_contours_and_tables_are_shown_to_who_hands_them_over(run: FinishedRun, tmp_path: Path):
    """They are free text, in which only a person can find a name."""
    copy = shutil.copytree(run.path, tmp_path / run.path.name)
    config = OmegaConf.load(copy / "config.yaml")
    del config.cohort.clinical.regimen["levels"]  # they are those of the table
    OmegaConf.save(config, copy / "config.yaml")
    done = run_here("npc", "bundle", copy, "-o", tmp_path / "m.zip")
    assert done.returncode == 0, done.stderr
    assert "regimen has the levels CCRT, CCRT+AC, IC+CCRT; see that no person is named" in done.stderr
    config.cohort.exclude = {"gone": "so that the cohort can't be loaded, as if it had moved"}
    OmegaConf.save(config, copy / "config.yaml")
    regimen = {"name": "regimen", "kind": "categorical", "levels": [], "cut": None, "label": None}
    formula = {
        **json.loads(members([run.path])[0]["formula.json"]),
        "variables": [regimen], "fill": {"regimen": "CCRT"}, "levels": {"regimen": ["CCRT", f"{SECRETS[0]}'s"]},
    }  # fmt: skip
    results = {"models": {"combined": {"threshold": 0.5, "cutoff": 0.5, "formula": formula}}}
    (tmp_path / "results.json").write_text(json.dumps(results))
    notes = members([copy], tmp_path)[1]
    assert f"regimen has the levels CCRT, {SECRETS[0]}'s; see that no person" in notes[-1], notes
    config.cohort.exclude = {}
    config.region, config.cohort.rois = "gtv", {"gtv": f"GTV {SECRETS[0]}"}
    OmegaConf.save(config, copy / "config.yaml")
    done = run_here("npc", "bundle", copy, "-o", tmp_path / "m.zip")
    assert done.returncode == 0, done.stderr
    assert f"the region gtv is named 'GTV {SECRETS[0]}'" in done.stderr
