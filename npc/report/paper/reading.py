"""How to read each table of the report: one sentence by its caption, which the page prints below it."""

READING = {
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
    "Concordance, AUC and Brier score": "Concordance and AUC: 0.5 is chance, 1 perfect; Brier score: lower is better.",
    "Paired tests of concordance": "Difference: first minus second model, on the same patients.",
    "Cox form, training cohort": "Hazard ratios of one unit of each term, with their 95% intervals.",
    "Calibration": "Observed over expected events and slope are 1 for a calibrated model.",
    "Clinical variables, training cohort": "Variables with a P value below the level of significance enter the models.",
    "Fitted models": "Odds ratios of one unit of each term; those of a signature are of its whole range, 0 to 1.",
    "Table 1": "By scanner and sequence; two values are the smallest and the largest.",
    "Each patient": "A click on a heading sorts; the risk is on the scale of each model.",
    "Image consistency between hospitals (MSSIM)": "For each patient of the development hospital the mean structural "
    "similarity to all external patients; after masking all outside of the outlines is 0 and counts as alike.",
    "Maps": "Hiding what the map marks should change the risk more than hiding as many pixels at random; a "
    "correlation near 1 with the map of random weights means that the map shows the image, not what was learnt.",
    "Table 2": "P compares the cohorts, not patients with and without the event.",
    "Table 3": "The best run of each variant; the internal validation cohort chose it.",
    "Training cohort": "Corrected and nested figures estimate a new cohort of the same kind; those of the "
    "combined model are too high, since its signature is not fitted again.",
    "By subgroup": "A P value of interaction, not the figure of one subgroup, shows whether subgroups differ.",
    "Each variant against the chosen signature": "Difference: variant minus signature, on the same patients.",
    "Selection and its optimism": "The AUC of the chosen run is too high by about the optimism.",
    "Runs that differ in their seed alone": "The spread is chance of the training, beside that of the patients.",
    "Runs": "The run key is a hash of all settings that can change the results.",
}
