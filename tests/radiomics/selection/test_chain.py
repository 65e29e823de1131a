"""Chains of selection: what each keeps, what it does with poor data, and that it uses only its own rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from npc.config.loading import compose
from npc.errors import InputError
from npc.radiomics.selection.chain import chain, notes
from npc.radiomics.selection.signature import Signature
from npc.radiomics.selection.steps import MRMR, Lasso
from tests.radiomics.selection.draws import PAPER, SEQUENTIAL, STEPS, draw, selection


@pytest.mark.parametrize(("overrides", "steps"), [("paper", 4), ("sequential", 3)])
def test_a_config_gives_its_chain(overrides, steps):
    config = compose([f"radiomics={overrides}"])
    made = chain(config.radiomics.selection, seed=4)
    assert list(made.named_steps) == ["reproducible", *config.radiomics.selection.chain, "signature"]
    assert len(made) == steps + 2
    x, y = draw()
    assert roc_auc_score(y, made.fit(x, y).predict_proba(x)[:, 1]) > 0.7


@pytest.mark.parametrize(
    ("steps", "message"), [(["univariate", "pca"], "unknown step pca"), (["aic", "aic"], "each step only once")]
)
def test_an_invalid_chain_is_reported(steps, message):
    with pytest.raises(InputError, match=message):
        chain(selection(*steps))
    with pytest.raises(InputError, match="penalty=max"):
        Lasso(penalty="max").fit(*draw())


@pytest.mark.parametrize("choices", [PAPER, SEQUENTIAL])
def test_a_chain_finds_the_signal_and_names_the_features_kept(choices):
    x, y = draw(1, patients=300)
    fitted = chain(choices, icc={"feature_005": 0.1}).fit(x, y)
    names = fitted[:-1].get_feature_names_out()
    assert {"feature_000", "feature_001"} <= set(names)
    assert "feature_005" not in names
    assert list(fitted[-1].feature_names_in_) == list(names)
    counts = [step.support_.sum() for _, step in fitted.steps]
    assert counts == sorted(counts, reverse=True)
    assert notes(fitted) == []


@pytest.mark.parametrize("choices", [PAPER, SEQUENTIAL])
def test_neither_the_order_of_the_columns_nor_their_units_matter(choices):
    x, y = draw(2)
    x["feature_twin"] = x["feature_000"]
    one = chain(choices).fit(x, y)
    rng = np.random.default_rng(0)
    other = x[rng.permutation(x.columns)] * 2.0 ** rng.integers(-9, 9, len(x.columns)) + 1
    two = chain(choices).fit(other, y)
    assert set(two[:-1].get_feature_names_out()) == set(one[:-1].get_feature_names_out())
    assert two.predict_proba(other) == pytest.approx(one.predict_proba(x), abs=1e-6)


@pytest.mark.slow
def test_arrays_and_tables_give_the_same_risks_and_a_table_can_be_asked_for():
    x, y = draw(3)
    table, array = chain(PAPER).fit(x, y), chain(PAPER).fit(x.to_numpy(), y)
    assert (array.predict_proba(x.to_numpy()) == table.predict_proba(x)).all()
    for step in STEPS:
        kept = clone(step).fit(x, y)
        assert list(kept.transform(x)) == list(kept.get_feature_names_out()) == list(x.columns[kept.get_support()])
        named = clone(step).set_output(transform="pandas").fit(x.to_numpy(), y).transform(x.to_numpy())
        assert list(named) == [f"x{index}" for index in np.flatnonzero(kept.support_)]
        assert (named.to_numpy() == kept.transform(x).to_numpy()).all()


@pytest.mark.slow
def test_a_chain_works_in_cross_validation_and_sees_only_its_own_rows():
    x, y = draw(4)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    whole = chain(PAPER, icc=pd.Series({"feature_009": 0.5, "feature_010": 0.9}))
    assert "reproducible" in repr(whole)
    risk = cross_val_predict(whole, x, y, cv=folds, method="predict_proba")[:, 1]
    assert roc_auc_score(y, risk) > 0.6
    train, test = next(folds.split(x, y))
    fitted = clone(whole).fit(x.iloc[train], y[train])
    assert (fitted.predict_proba(x.iloc[test])[:, 1] == risk[test]).all()
    spoilt = x.copy()
    spoilt.iloc[test] = 1e6
    again = clone(whole).fit(spoilt.iloc[train], y[train])
    assert (again.predict_proba(x.iloc[test])[:, 1] == risk[test]).all()


@pytest.mark.parametrize("choices", [PAPER, SEQUENTIAL])
def test_where_nothing_is_significant_all_patients_have_the_proportion_of_events(choices):
    x, y = draw(5)
    choices = selection(*choices.chain, significance=1e-12)
    for given in (x, x.to_numpy()):
        fitted = chain(choices).fit(given, y)
        assert fitted.predict_proba(given)[:, 1] == pytest.approx(np.full(len(y), y.mean()))
        assert (fitted.predict(given) == 0).all()
        assert notes(fitted)[0] == "univariate: kept none: no feature has P below 1e-12"
        assert notes(fitted)[-1].startswith("signature: no feature: the risk is the proportion of events")
        assert list(fitted[:-1].get_feature_names_out()) == []


def test_a_lasso_that_keeps_nothing_ends_in_the_intercept():
    x, _ = draw(6, signal=0)
    y = np.random.default_rng(3).permutation(np.repeat([0, 1], [110, 40]))
    fitted = chain(selection("lasso", "aic")).fit(x, y)
    assert fitted.predict_proba(x)[:, 1] == pytest.approx(np.full(len(y), y.mean()))
    assert "lasso: kept none: all coefficients are 0 at the chosen penalty" in notes(fitted)


@pytest.mark.parametrize("steps", [["univariate", "mrmr", "lasso", "aic"], ["mrmr", "aic"], ["univariate"], []])
@pytest.mark.parametrize("direction", ["both", "backward"])
def test_fewer_events_than_features_end_with_what_is_estimable(steps, direction):
    x, _ = draw(7, patients=60, features=80)
    y = np.repeat([0, 1], [54, 6])
    x = x.add(0.8 * y, axis=0)
    fitted = chain(selection(*steps, direction=direction)).fit(x, y)
    assert fitted[-1].support_.sum() <= 5
    risk = fitted.predict_proba(x)[:, 1]
    assert np.isfinite(risk).all()
    assert any("only 6 patients of the rarer class: a model may have 5 terms at most" in note for note in notes(fitted))


@pytest.mark.parametrize("events", [1, 2])
@pytest.mark.parametrize("choices", [PAPER, SEQUENTIAL])
def test_one_or_two_events_do_not_stop_the_fit(events, choices):
    x, _ = draw(8, patients=40)
    y = (np.arange(40) < events).astype(int)
    fitted = chain(choices).fit(x.add(3 * y, axis=0), y)
    assert np.isfinite(fitted.predict_proba(x)).all()
    assert notes(fitted)


def test_repeated_features_enter_once():
    x, y = draw(9)
    for name in list(x)[:6]:
        x[f"{name}_again"] = 3 - 2 * x[name]
    fitted = chain(SEQUENTIAL).fit(x, y)
    names = fitted[:-1].get_feature_names_out()
    assert len({name.removesuffix("_again") for name in names}) == len(names)
    both = Signature().fit(x[["feature_000", "feature_000_again"]], y)
    assert both.notes_ == ["left out, follows from other terms: feature_000_again"]


def test_other_columns_than_those_fitted_are_refused():
    x, y = draw()
    fitted = make_pipeline(MRMR(3), Signature()).fit(x, y)
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict_proba(x.rename(columns={"feature_000": "new"}))


@pytest.mark.slow
@pytest.mark.parametrize("choices", [PAPER, SEQUENTIAL])
def test_permuted_outcomes_have_a_nested_auc_of_a_half(choices):
    x, y = draw(11, patients=120, features=15)
    aucs = []
    for seed in range(20):
        permuted = np.random.default_rng(seed).permutation(y)
        for train, test in StratifiedKFold(3, shuffle=True, random_state=seed).split(x, permuted):
            fitted = chain(choices, seed=seed).fit(x.iloc[train], permuted[train])
            aucs.append(roc_auc_score(permuted[test], fitted.predict_proba(x.iloc[test])[:, 1]))
    assert 0.45 < np.mean(aucs) < 0.55
