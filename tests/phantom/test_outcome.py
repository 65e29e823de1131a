"""The phantom's treatment and outcome: the truth that it says is the truth that the data hold."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from npc.cohort import dates
from npc.phantom.hospitals import HOSPITALS
from npc.phantom.outcome import DAYS_PER_MONTH
from tests.phantom.draws import draw

EVERYTHING = {"treatment": 0.5, "interaction": 0.4, "confounding": 0.7, "competing": 0.1}
OPTIONS = [{}, EVERYTHING, {"treatment": 3.0}, {"confounding": 1.0}, {"interaction": -1.0}, {"competing": 0.5}]


@pytest.fixture(scope="module", params=[(0, {}), (1, {}), (0, EVERYTHING), (1, EVERYTHING)], ids=str)
def population(request: pytest.FixtureRequest) -> tuple[int, dict[str, float], pd.DataFrame]:
    """A hospital's number, the options and 1500 of its patients."""
    hospital, options = request.param
    return hospital, options, draw(hospital, 1500, **options)


def cox(patients: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Coefficients and their standard errors."""
    table = patients[[*columns, "dmfs_months", "dm_event"]].astype(float)
    return CoxPHFitter().fit(table, "dmfs_months", "dm_event").summary[["coef", "se(coef)"]]


# Recorded and true


def test_the_recorded_outcome_is_that_of_the_given_treatment(population):
    _, options, patients = population
    added = patients["regimen"] != "CCRT"
    assert (added == patients["added_chemotherapy"].eq(1)).all()
    came = np.where(added, patients["metastasis_months_added"], patients["metastasis_months_ccrt"])
    assert (patients["metastasis_months"] == came).all()
    lone_death = patients["lone_death_months"].astype(float).fillna(np.inf)
    assert np.isfinite(lone_death).all() == ("competing" in options)
    first = np.minimum.reduce([came, patients["follow_up_months"], lone_death])
    assert (patients["dmfs_months"] == first).all()
    seen = (came <= patients["follow_up_months"]) & (came <= lone_death)
    assert (patients["dm_event"] == seen).all()


def test_the_two_outcomes_differ_by_the_treatments_hazard_ratio_alone(population):
    _, options, patients = population
    long = patients[(patients[["metastasis_months_ccrt", "metastasis_months_added"]] > 30).all(axis=1)]
    ratio = long["metastasis_months_ccrt"] / long["metastasis_months_added"]
    effect = np.log(options.get("treatment", 0.6)) + options.get("interaction", 0) * long["aggressiveness"]
    np.testing.assert_allclose(np.log(ratio), effect, atol=0.002)  # times are whole days
    np.testing.assert_allclose(patients["treatment_effect"][long.index], effect)


def test_the_linear_predictor_is_the_sum_of_its_parts(population):
    _, _, patients = population
    effect = patients["treatment_effect"] * patients["added_chemotherapy"]
    n_stage = patients["n_stage"].str[1].astype(int)
    clinical = np.log(2.2) * (n_stage - 2) + np.log(3.0) * (patients["ebv_dna"] >= 4000) + effect
    np.testing.assert_allclose(patients["clinical_part"], clinical)
    np.testing.assert_allclose(patients["image_part"], 1.9 * patients["aggressiveness"])
    np.testing.assert_allclose(patients["linear_predictor"], patients["image_part"] + clinical)


def test_deaths_and_contacts_are_consistent_with_the_times(population):
    _, options, patients = population
    unseen = patients["dm_event"] == 0
    assert (patients["dmfs_months"] > 0).all()
    assert (patients["os_months"] >= patients["dmfs_months"]).all()
    dead = unseen & patients["os_event"].eq(1)
    alone = dead & patients["lone_death_months"].eq(patients["os_months"])
    # in this model others die of a metastasis, here one between two looks
    assert (patients.loc[dead & ~alone, "os_months"] > patients.loc[dead & ~alone, "metastasis_months"]).all()
    assert alone.any() == ("competing" in options)


def test_dates_are_the_months_to_the_day(population):
    hospital, _, patients = population
    text = patients.astype(dict.fromkeys(dates.DATES, str)).replace("None", "")
    filled, faults = dates.to_months(text.drop(columns=["dmfs_months", "dm_event", "os_months"]))
    assert not faults
    assert (filled["dm_event"].astype(int) == patients["dm_event"]).all()
    np.testing.assert_allclose(filled["dmfs_months"].astype(float), patients["dmfs_months"], atol=0.0051)
    days = patients["dmfs_months"] * DAYS_PER_MONTH
    np.testing.assert_allclose(days, days.round(), atol=0.16)  # two decimals of a month
    metastatic = patients["dm_event"] == 1
    np.testing.assert_allclose(
        filled.loc[metastatic, "os_months"].astype(float), patients.loc[metastatic, "os_months"], atol=0.0051
    )
    # admission and last follow-up as in the paper
    assert patients["diagnosis_date"].min() >= HOSPITALS[hospital].opened
    assert str(patients["last_follow_up"].max()) <= "2018-12-31"
    if hospital == 1:
        assert str(patients["diagnosis_date"].max()) <= "2016-12-31"


# True effects


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("hospital", [0, 1])
def test_shares_of_events_and_treatment_are_the_published_ones_for_all_options(hospital, options):
    patients = draw(hospital, 1000, seed=6, **options)
    for share, published in (
        (patients["dm_event"].mean(), (73 / 188, 13 / 45)[hospital]),
        (patients["added_chemotherapy"].mean(), (126 / 188, 40 / 45)[hospital]),
    ):
        assert share == pytest.approx(published, abs=3.3 * np.sqrt(published * (1 - published) / 1000))
    assert patients["propensity"].mean() == pytest.approx((126 / 188, 40 / 45)[hospital], abs=0.03)


@pytest.mark.slow
def test_cox_regression_finds_the_truth():
    patients = draw(0, 5000, seed=11, interaction=0.3)
    patients = patients.assign(
        n_stage=patients["n_stage"].str[1].astype(int),
        ebv=patients["ebv_dna"] >= 4000,
        product=patients["aggressiveness"] * patients["added_chemotherapy"],
    )
    found = cox(patients, "aggressiveness", "n_stage", "ebv", "added_chemotherapy", "product")
    truth = {"aggressiveness": 1.9, "n_stage": np.log(2.2), "ebv": np.log(3.0)}
    for name, coefficient in (truth | {"added_chemotherapy": np.log(0.60), "product": 0.3}).items():
        assert abs(found.at[name, "coef"] - coefficient) < 3 * found.at[name, "se(coef)"]
    assert found["se(coef)"].max() < 0.08  # else most of them say nothing


@pytest.mark.slow
def test_with_random_treatment_the_hazard_ratio_is_the_average_one():
    patients = draw(0, 6000, seed=12)
    assert patients["propensity"].std() == pytest.approx(0, abs=1e-12)
    naive = np.exp(cox(patients, "added_chemotherapy").at["added_chemotherapy", "coef"])
    # everybody under either treatment: the marginal hazard ratio, nearer to 1 than each patient's own 0.60
    both = []
    for given, column in enumerate(("metastasis_months_ccrt", "metastasis_months_added")):
        months, end = patients[column], patients["follow_up_months"]
        both.append(pd.DataFrame({"given": given, "dmfs_months": np.minimum(months, end), "dm_event": months <= end}))
    marginal = np.exp(cox(pd.concat(both), "given").at["given", "coef"])
    assert 0.65 < marginal < 0.85
    assert naive == pytest.approx(marginal, abs=0.1)


@pytest.mark.slow
def test_confounding_makes_treatment_look_harmful_without_adjustment():
    patients = draw(0, 6000, seed=13, confounding=1.0)
    naive = cox(patients, "added_chemotherapy").loc["added_chemotherapy"]
    assert naive["coef"] - 3 * naive["se(coef)"] > 0  # although it helps everybody
    untreated = patients["linear_predictor"] - patients["treatment_effect"] * patients["added_chemotherapy"]
    adjusted = cox(patients.assign(untreated=untreated), "added_chemotherapy", "untreated")
    found = adjusted.loc["added_chemotherapy"]
    assert abs(found["coef"] - np.log(0.60)) < 3 * found["se(coef)"]
    assert found["se(coef)"] < 0.1
    assert adjusted.at["untreated", "coef"] == pytest.approx(1, abs=0.08)
    # and weights by the true propensity take the confounding out, too
    given, chance = patients["added_chemotherapy"], patients["propensity"]
    weight = np.where(given == 1, 1 / chance, 1 / (1 - chance))
    two_years = (patients["dm_event"] == 1) & (patients["dmfs_months"] <= 24)
    in_sight = (patients["follow_up_months"] >= 24) & (chance.between(0.02, 0.98))
    shares = [np.average(two_years[in_sight & (given == g)], weights=weight[in_sight & (given == g)]) for g in (0, 1)]
    assert shares[1] < shares[0]


def test_each_option_changes_only_what_it_names():
    plain, other = draw(0, 200, seed=4), draw(0, 200, seed=4, **EVERYTHING)
    same = ["age", "sex", "t_stage", "n_stage", "stage", "histology", "ebv_dna", "aggressiveness", "image_part"]
    same += ["cet1_shown", "t2_shown", "follow_up_months"]
    pd.testing.assert_frame_equal(plain[same], other[same])
    assert (plain["regimen"] != other["regimen"]).any()
    assert (plain["dmfs_months"] != other["dmfs_months"]).any()


def test_an_indication_by_clinical_variables_alone_does_not_follow_the_image():
    patients = draw(0, 400, seed=6, confounding=1.0, indication="clinical")
    odds = np.log(patients["propensity"] / (1 - patients["propensity"]))
    clinical = patients["clinical_part"] - patients["treatment_effect"] * patients["added_chemotherapy"]
    np.testing.assert_allclose(odds - odds.iloc[0], clinical - clinical.iloc[0], atol=1e-9)
    assert patients["added_chemotherapy"].mean() == pytest.approx(126 / 188, abs=0.08)
