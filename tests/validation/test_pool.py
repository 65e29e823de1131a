"""Several hospitals together: what sums give is the analysis of all patients in one place."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from npc.errors import InputError
from npc.statistics.logrank import logrank
from npc.statistics.random_effects import random_effects
from npc.validation.aggregate import aggregate
from npc.validation.measure import Validation, expected_events
from npc.validation.pool import exact, pooled, read
from tests.commands import run_here
from tests.validation.hospitals import BUNDLE

pytestmark = pytest.mark.usefixtures("coarse")


@pytest.fixture(scope="module")
def told(found: list[Validation]) -> list[dict]:
    return [json.loads(json.dumps(aggregate(BUNDLE, of))) for of in found]


@pytest.fixture(scope="module")
def files(told: list[dict], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    home = tmp_path_factory.mktemp("sent")
    for name, content in zip("abc", told, strict=True):
        (home / f"{name}.json").write_text(json.dumps(content))
    return [home / f"{name}.json" for name in "abc"]


@pytest.fixture(scope="module")
def central(found: list[Validation]) -> pd.DataFrame:
    """All patients in one place."""
    return pd.concat([of.patients.assign(hospital=name) for name, of in zip("abc", found, strict=True)])


def within(rows: pd.DataFrame, concordant, comparable) -> tuple[float, int]:
    """Concordant and comparable pairs of patients of one hospital, counted one by one."""
    good, pairs = 0.0, 0
    for _, of in rows.groupby("hospital"):
        values = list(of[["time", "event", "risk"]].itertuples(index=False))
        for one in values:
            for other in values:
                if comparable(one, other):
                    pairs += 1
                    good += concordant(one, other)
    return good, pairs


def higher(one, other) -> float:
    return 1.0 if one.risk > other.risk else 0.5 if one.risk == other.risk else 0.0


def test_sums_give_the_central_analysis(told: list[dict], central: pd.DataFrame, found: list[Validation]):
    summed = exact(told)
    assert summed["patients"] == len(central)
    assert summed["events"] == central["event"].sum()
    good, pairs = within(central, higher, lambda a, b: a.event == 1 and a.time < b.time)
    assert summed["harrell_within_hospitals"] == pytest.approx(good / pairs, abs=1e-12)
    good, pairs = within(central, higher, lambda a, b: a.event == 1 and b.event == 0)
    assert summed["auc_within_hospitals"] == pytest.approx(good / pairs, abs=1e-12)
    test = logrank(central["time"], central["event"], central["group"].cat.codes, central["hospital"])
    assert summed["logrank_stratified"]["chi2"] == pytest.approx(test.chi2, abs=1e-12 * test.chi2)
    assert summed["logrank_stratified"]["p"] == pytest.approx(test.p, rel=1e-9)
    expected = np.concatenate([expected_events(of.form, of.patients, 96) for of in found]).sum()
    ratio = central["event"].sum() / expected
    assert summed["observed_expected"]["estimate"] == pytest.approx(ratio, abs=1e-12)


def test_a_sum_that_one_hospital_lacks_is_left_out(told: list[dict]):
    lacking = {**told[0], "sums": {k: v for k, v in told[0]["sums"].items() if k != "observed"}}
    assert "observed_expected" not in exact([lacking, *told[1:]])


def test_files_of_format_1_are_pooled_as_they_are(told: list[dict], files: list[Path], tmp_path: Path):
    """Their sums and figures mean the same; a share that was rounded to 1 has no log odds, and is left out."""
    old = {**told[1], "format": 1, "groups": {}}
    old["figures"] = {**old["figures"], "auc": {"estimate": 1.0, "variance_of_logit": 0.5}}
    (tmp_path / "old.json").write_text(json.dumps(old))
    mixed = read([files[0], tmp_path / "old.json", files[2]])
    assert exact(list(mixed.values())) == exact(told)
    found = pooled(mixed)
    assert [of.name for of in found["auc"].hospitals] == ["a", "c"]
    assert np.isfinite(found["auc"].ci).all()
    assert len(found["harrell"].hospitals) == 3


def test_other_figures_are_pooled_by_random_effects(told: list[dict], found: list[Validation]):
    of = pooled(dict(zip("abc", told, strict=True)))["auc"]
    assert [one.estimate for one in of.hospitals] == pytest.approx([one.auc.estimate for one in found], rel=1e-3)
    assert of.hospitals[0].ci == pytest.approx(found[0].auc.intervals["logit"], rel=1e-3)
    variances = [one["figures"]["auc"]["variance_of_logit"] for one in told]
    effects = random_effects(logit([one.auc.estimate for one in found]), variances)
    assert of.estimate == pytest.approx(expit(effects.estimate), rel=1e-3)
    assert of.prediction[0] <= of.ci[0] < of.estimate < of.ci[1] <= of.prediction[1]


def test_the_report_of_several_hospitals(files: list[Path], tmp_path: Path):
    done = run_here("npc", "validate", "pool", *files, "-o", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert results == json.loads((tmp_path / "results.json").read_text())
    assert set(results["random_effects"]) == {"auc", "harrell", "intercept", "slope"}
    assert (tmp_path / "figures" / "forest_slope.svg").exists()
    page = (tmp_path / "report.html").read_text()
    assert "Validation at 3 hospitals: Deep-learning signature" in page
    assert "Prediction interval" in page


def test_what_can_not_be_pooled_is_told(told: list[dict], files: list[Path], tmp_path: Path):
    def file(name: str, content: object) -> Path:
        (tmp_path / name).write_text(json.dumps(content))
        return tmp_path / name

    cases = {
        "one aggregate can't be pooled": [files[0]],
        "can't be read as an aggregate": [files[0], file("a.json", {"format": 1})],
        "has format 3": [files[0], file("b.json", {**told[1], "format": 3})],
        "the same figures as another file": [files[0], file("c.json", told[0])],
        "of different models": [files[0], file("d.json", {**told[1], "bundle_sha256": "1" * 64})],
    }
    for message, paths in cases.items():
        with pytest.raises(InputError, match=message):
            read(paths)
