"""The tables of a report, as they are printed and as data."""

from collections.abc import Mapping, Sequence

import pandas as pd

from npc.names import METHODS, MODELS, NOT_ESTIMABLE, POOLED, RISK_GROUPS, variant_in_words
from npc.prognosis.analysis import Analysis
from npc.prognosis.provenance import RunUsed
from npc.prognosis.survival import Survival
from npc.prognosis.treatment import TreatmentEffect
from npc.report.kit import words
from npc.report.paper import (
    controls,
    failures,
    radiomic,
    search,
    seeds,
    table2,
    table3,
    times_tables,
    treatment_tables,
    validity_tables,
)
from npc.statistics import NotEstimable

_SHARES = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "accuracy": "Accuracy",
}


def tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """All tables by the name of their file."""
    made = {
        "table2": characteristics(analysis),
        "table3": variants(analysis),
        "auc": aucs(analysis),
        "comparisons": comparisons(analysis),
        "controls": controls.table(analysis),
        "added_to_volume": controls.added(analysis),
        "classification": classification(analysis),
        "survival": survival(analysis),
        "univariate": univariate(analysis),
        "regression": regression(analysis),
        "arms": arms(analysis),
        "treatment": treatment(analysis),
        "treatment_free": treatment_free(analysis),
        **treatment_tables.tables(analysis),
        **validity_tables.tables(analysis),
        "kaplan_meier": curves(analysis),
        "risks": risks(analysis),
        "failures": failures.table(analysis.failures),
        "radiomic_signatures": radiomic.signatures_table(analysis.radiomics, analysis.labels),
        "radiomic_features": radiomic.features_table(analysis.radiomics, analysis.labels),
        "seeds": seeds.table(analysis.seeds, analysis.splits, analysis.labels),
        "search": search.table(analysis.searches, analysis.labels),
        "search_settings": search.settings_table(analysis.searches),
        **times_tables.tables(analysis),
    }
    return {name: table for name, table in made.items() if len(table)}


def characteristics(analysis: Analysis) -> pd.DataFrame:
    """Table 2."""
    return table2.table(analysis.characteristics, analysis.splits, analysis.choices.report.tests)


def variants(analysis: Analysis) -> pd.DataFrame:
    """Table 3."""
    return table3.table(analysis.variants, analysis.splits, analysis.choices.report.ci, analysis.labels)


def aucs(analysis: Analysis) -> pd.DataFrame:
    """A row a model, a column a cohort; the last is of out-of-fold risks, where a signature has them."""
    kind = analysis.choices.report.ci
    table = pd.DataFrame(
        {"Model": MODELS[name]}
        | {title: words.auc(result.auc[split], kind) for split, title in analysis.splits.items()}
        for name, result in analysis.models.items()
    )
    if any(result.unseen_auc for result in analysis.models.values()):
        unseen = [result.unseen_auc for result in analysis.models.values()]
        table[f"{analysis.splits['train']}, out of fold"] = [words.auc(of, kind) if of else "" for of in unseen]
    return table


def comparisons(analysis: Analysis) -> pd.DataFrame:
    """Paired DeLong tests, by pair of models."""
    pairs = list(dict.fromkeys((one.first, one.second) for one in analysis.comparisons))
    splits = list(analysis.splits)
    rows = []
    for one in sorted(
        analysis.comparisons, key=lambda one: (pairs.index((one.first, one.second)), splits.index(one.split))
    ):
        known = None if isinstance(one.test, NotEstimable) else one.test
        rows.append({
            "Models": f"{MODELS[one.first]} – {MODELS[one.second]}", "Cohort": analysis.splits[one.split],
            "Difference of AUC": words.number(known.difference if known else None),
            "z": words.number(known.z if known else None, 2),
            "P value": words.p_of(one.test), "P value (Holm)": words.p_value(one.p_holm),
            "Note": "nested: P not valid" if one.nested else "",
        })  # fmt: skip
    return pd.DataFrame(rows)


def classification(analysis: Analysis) -> pd.DataFrame:
    """Sensitivity and so on at Youden's threshold of the training cohort."""
    rows = []
    for name, result in analysis.models.items():
        for split, title in analysis.splits.items():
            shares = {
                _SHARES[share]: words.with_interval(found.estimate, found.ci, 2)
                for share, found in result.classification[split].items()
            }
            rows.append({"Model": MODELS[name], "Cohort": title, "Threshold": words.number(result.threshold), **shares})
    return pd.DataFrame(rows)


def survival(analysis: Analysis) -> pd.DataFrame:
    """High against low risk by cohort."""
    rows = []
    for name, result in analysis.models.items():
        found = {title: result.survival[split] for split, title in analysis.splits.items()} | {POOLED: result.pooled}
        for title, one in found.items():
            rows.append({"Model": MODELS[name], "Cohort": title, **_survival(one, analysis.choices.endpoint.survival)})
    return pd.DataFrame(rows)


def univariate(analysis: Analysis) -> pd.DataFrame:
    """The tests by which clinical variables were taken."""
    significance = analysis.choices.prognosis.significance
    return pd.DataFrame(
        {
            "Variable": test.variable.title,
            "Test": NOT_ESTIMABLE if isinstance(test.test, NotEstimable) else test.test.test,
            "P value": words.p_of(test.test),
            "Taken": "yes" if test.significant(significance) else "no",
        }
        for test in analysis.univariate
    )


def regression(analysis: Analysis) -> pd.DataFrame:
    """Coefficients and odds ratios of the fitted models."""
    return pd.DataFrame(
        {"Model": MODELS[name], "Term": term.label, "Coefficient": words.number(term.coefficient),
         "Odds ratio": words.with_interval(term.odds_ratio, term.ci, 2) if term.ci else "",
         "P value": words.p_value(term.p), "Fit": result.model.fitted.method}
        for name, result in analysis.models.items() if result.model.fitted
        for term in result.model.regression()
    )  # fmt: skip


def arms(analysis: Analysis) -> pd.DataFrame:
    """What each arm adds to all others in the model of all arms; empty where there is no such model."""
    found = analysis.models.get("all_arms")
    if found is None:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "Arm": MODELS[arm],
            "In the model": "yes" if arm == "clinical" or arm in found.model.signatures else "left out",
            "Likelihood-ratio χ²": NOT_ESTIMABLE if isinstance(test, NotEstimable) else words.number(test.chi2),
            "Degrees of freedom": "" if isinstance(test, NotEstimable) else str(test.df),
            "P value": words.p_of(test),
        }
        for arm, test in found.model.adds.items()
    )


def treatment(analysis: Analysis) -> pd.DataFrame:
    """Additional against standard treatment within risk groups, all hospitals pooled and stratified by hospital."""
    return _within_groups(analysis.treatment, analysis.choices.endpoint.survival)


def treatment_free(analysis: Analysis) -> pd.DataFrame:
    """The same in groups of the treatment-free score, of the models that contain the treatment."""
    free = {name: found.free for name, found in analysis.treatment_beside.items() if found.free is not None}
    return _within_groups(free, analysis.choices.endpoint.survival)


def _within_groups(effects: Mapping[str, TreatmentEffect], survival_name: str) -> pd.DataFrame:
    rows = []
    for name, effect in effects.items():
        for group in RISK_GROUPS:
            found = effect.groups[group]
            means, within = found.restricted_means, found.survival.stratified
            assert within is not None
            rows.append({
                "Groups of": MODELS[name], "Risk": group,
                **_survival(found.survival, survival_name),
                "Hazard ratio, stratified by hospital": words.hazard_ratio(within.hazard_ratio),
                "Hazard ratio (IPTW)": words.hazard_ratio(found.weighted),
                "Hazard ratio (IPTW), stratified by hospital": words.hazard_ratio(found.weighted_stratified),
                "Difference of restricted means (months)": NOT_ESTIMABLE if isinstance(means, NotEstimable)
                else words.with_interval(means.estimate, means.ci, 1),
                "P of interaction": words.p_of(effect.interaction),
                "P of interaction, stratified by hospital": words.p_of(effect.interaction_stratified),
            })  # fmt: skip
    return pd.DataFrame(rows)


def curves(analysis: Analysis) -> pd.DataFrame:
    """The Kaplan-Meier curves of all models' risk groups as data, of all cohorts together."""
    parts = [
        pd.DataFrame({
            "model": name, "group": group.name, "months": group.curve.time, "survival": group.curve.survival,
            "lower": group.curve.lower, "upper": group.curve.upper, "at_risk": group.curve.at_risk,
            "events": group.curve.events,
        })
        for name, result in analysis.models.items() for group in result.pooled.groups if group.curve
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def risks(analysis: Analysis) -> pd.DataFrame:
    """Every patient's risk by each model, and the risk groups."""
    table = analysis.followed[["split", "label", "time", "event"]].astype({"label": "Int64"})
    table = table.assign(**{name: result.model.risk for name, result in analysis.models.items()})
    apart = {name: result.model.held_out for name, result in analysis.models.items() if result.unseen_auc}
    table = table.assign(**{f"{name}_out_of_fold": risk for name, risk in apart.items()})
    table = table.assign(**{f"{name}_group": result.group.astype(str) for name, result in analysis.models.items()})
    return table.rename_axis("patient_id").reset_index()


def runs(used: Sequence[RunUsed], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a run, with its encoder if a run has one; `labels` of the series."""
    rows = []
    for run in used:
        series, slices = variant_in_words(run.variant, labels)
        row = {"Run": run.run_key, "Method": METHODS[run.method], "Image series": series, "Slices": slices}
        row["AUC, internal validation"] = words.number(run.validation_auc)
        if run.encoder:
            row["Encoder"] = "{name}; source: {source}; licence: {licence}".format(**run.encoder)
        rows.append(row)
    return pd.DataFrame(rows).fillna("")


def _survival(found: Survival, name: str) -> dict[str, str]:
    medians = {group.name: group.curve and group.curve.median() for group in found.groups}
    return {
        **{f"{group.name}: events / patients": f"{group.events} / {group.n}" for group in found.groups},
        **{f"{group}: median {name} (months)": "not reached" if median is None else f"{median:.1f}"
           for group, median in medians.items()},
        "Log-rank P": words.p_of(found.logrank),
        "Hazard ratio": words.hazard_ratio(found.hazard_ratio),
    }  # fmt: skip
