"""How to read each table of the report: one sentence by its caption, which stands below it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from npc.report.kit.page import Section

_READING = {
    "AUC (95% interval)": "An interval that contains 0.5 is compatible with no discrimination; the training column is "
    "of patients to whom the models were fitted.",
    "Paired DeLong tests": "Difference: first minus second model, on the same patients; corrected for all pairs of a "
    "cohort by Holm's method.",
    "At Youden's threshold of the training cohort": "The threshold is fixed on the training cohort; sensitivity and "
    "specificity elsewhere are what it gives there.",
    "Added to the volume": "A hazard ratio clearly above 1 means that the signature knows more than the size of the "
    "tumour.",
    "Against each control": "A signature that is worth its effort has a higher AUC than each control.",
    "High against low risk": "The cut-off is fixed on the training cohort; a hazard ratio above 1 means that the "
    "high-risk group has more events.",
    "Survival by risk group": "Kaplan-Meier estimates with log(-log) intervals, in percent.",
    "Cumulative incidence, with death as competing event": "Share of the patients of a group who have had the event, "
    "or died without it, by each month; the subdistribution hazard ratio compares these shares, the cause-specific one "
    "the rates among those who are still at risk.",
    "The first model by hospital": "Hospitals differ by chance too: compare the intervals, not the estimates alone.",
    "Concordance, AUC and Brier score": "Concordance and AUC: 0.5 is chance, 1 perfect; Brier score: lower is better.",
    "Paired tests of concordance": "Difference: first minus second model, on the same patients.",
    "Cox form, training cohort": "Hazard ratios of one unit of each term, with their 95% intervals.",
    "Calibration": "Observed over expected events and slope are 1 for a calibrated model.",
    "Clinical variables, training cohort": "Variables with a P value below the level of significance enter the models.",
    "Fitted models": "Odds ratios of one unit of each term, of an ordered variable of one step; those of a signature "
    "are of its whole range, 0 to 1.",
    "What each arm adds to all others": "A small P value means that a regression on all arms, whose weights may be "
    "negative, fits the training patients worse without this arm. For an arm that is left out it does not mean that "
    "the arm improves the prediction.",
    "Acquisition of the images (Table 1)": "By scanner and sequence; two values are the smallest and the largest.",
    "Each patient": "A click on a heading sorts; the risk is on the scale of each model.",
    "Image consistency between hospitals (MSSIM)": "For each patient of the development hospital the mean structural "
    "similarity to all external patients; after masking all outside of the outlines is 0 and counts as alike.",
    "Characteristics of the patients (Table 2)": "P compares the cohorts, not patients with and without the event.",
    "Patients without a value": "The fewer patients have all values, the more the models rest on values filled in.",
    "Regressions": "The odds ratios of both kinds should agree; the more information is missing, the more the "
    "imputed ones rest on the imputation model.",
    "Variants of the signature (Table 3)": "The best run of each variant; the internal validation cohort chose it.",
    "Signatures": "Where the nested AUC is far below the apparent one, the chain has fitted chance.",
    "Features": "A feature that few of the refits choose was chosen by chance, or could be replaced by another one.",
    "Training cohort": "Corrected and nested figures estimate a new cohort of the same kind; those of the "
    "combined model are too high, since its signature is not fitted again.",
    "By subgroup": "A P value of interaction, not the figure of one subgroup, shows whether subgroups differ.",
    "Each variant against the chosen signature": "Difference: variant minus signature, on the same patients.",
    "Selection and its optimism": "The AUC of the chosen run is too high by about the optimism.",
    "Runs that differ in their seed alone": "The spread is chance of the training, beside that of the patients.",
    "Within risk groups": "A hazard ratio below 1 favours the additional treatment; whether its effect differs between "
    "the risk groups is the test of interaction, not the difference of two P values.",
    "Within risk groups of the treatment-free score": "As the table above, in groups that do not depend on the "
    "treatment that was given.",
    "Adjusted": "A hazard ratio below 1, and a positive difference of restricted means, favour the additional "
    "treatment; an E-value near 1 means that a weak unmeasured variable could explain the effect.",
    "Weights": "An effective number far below the number of patients means that few of them carry the weighted "
    "comparison.",
    "Balance": "Standardised differences of means between the treatments; below 0.1 in size they count as balanced.",
    "Patients whom every model gets wrong": "A small P value marks a variable in which these patients may differ from "
    "the others.",
    "Runs": "The run key is a hash of all settings that can change the results.",
}


def with_reading(sections: Iterable[Section]) -> list[Section]:
    """The sections with the sentence below each of their tables, and without tables that have no row.

    A sentence that a section has already stays; tests check that every table of a report has one.
    """
    return [replace(one, tables=_with_rows(one.tables), reading=_READING | dict(one.reading)) for one in sections]


def _with_rows(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Such as the comparison of treatments, which has none where it is not asked for."""
    return {caption: table for caption, table in tables.items() if len(table)}
