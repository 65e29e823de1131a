# Repeats the main figures of the report from patients.csv, independently of npc:
#   Rscript main_figures.R [FOLDER] [--base]
# It needs the package survival, and uses pROC for the AUC where it is installed (--base: not even then).
# It writes main_figures.csv, a row a figure: model, cohort, figure, estimate, lower, upper (95%). NA: not estimable.
suppressPackageStartupMessages(library(survival))

words <- commandArgs(trailingOnly = TRUE)
base_only <- "--base" %in% words
folder <- c(words[words != "--base"], ".")[1]
patients <- read.csv(file.path(folder, "patients.csv"), check.names = FALSE, encoding = "UTF-8")

nothing <- c(NA_real_, NA_real_, NA_real_)
estimable <- function(figure) tryCatch(figure, error = function(e) nothing)
z <- qnorm(0.975)

# AUC with DeLong's interval (Biometrics 1988), cut to [0, 1]
auc <- function(label, risk) {
  if (!base_only && requireNamespace("pROC", quietly = TRUE)) {
    curve <- pROC::roc(label, risk, levels = c(0, 1), direction = "<", quiet = TRUE)
    limits <- as.numeric(pROC::ci.auc(curve, method = "delong"))
    return(limits[c(2, 1, 3)])
  }
  higher <- outer(risk[label == 1], risk[label == 0], function(a, b) (a > b) + (a == b) / 2)
  error <- sqrt(var(rowMeans(higher)) / nrow(higher) + var(colMeans(higher)) / ncol(higher))
  value <- mean(higher)
  c(value, max(value - z * error, 0), min(value + z * error, 1))
}

# Harrell's concordance, with Wald's interval of its log odds
harrell <- function(time, event, risk) {
  found <- concordance(Surv(time, event) ~ risk, reverse = TRUE)
  value <- found$concordance
  half <- z * sqrt(found$var) / (value * (1 - value))
  c(value, plogis(qlogis(value) - half), plogis(qlogis(value) + half))
}

# Kaplan-Meier, with the interval on the log(-log) scale; after the end of follow-up only a survival of 0 is known
survival_at <- function(time, event, month) {
  curve <- survfit(Surv(time, event) ~ 1, conf.type = "log-log")
  found <- summary(curve, times = month, extend = min(curve$surv) == 0)
  if (length(found$surv)) c(found$surv, found$lower, found$upper) else nothing
}

logrank <- function(time, event, group) {
  found <- survdiff(Surv(time, event) ~ group)
  c(found$chisq, NA, NA)
}

# Cox regression, Efron's ties: high against low risk
hazard_ratio <- function(time, event, group) {
  exact <- coxph.control(eps = 1e-12, iter.max = 50)
  found <- coxph(Surv(time, event) ~ group, ties = "efron", control = exact)
  exp(c(coef(found), confint(found)))
}

rows <- list()
add <- function(model, cohort, figure, values) {
  rows[[length(rows) + 1]] <<- data.frame(
    model = model, cohort = cohort, figure = figure, estimate = values[1], lower = values[2], upper = values[3]
  )
}

models <- sub("^group_", "", grep("^group_", names(patients), value = TRUE))
for (model in models) {
  held_out <- paste0("held_out_risk_", model)
  for (cohort in unique(patients$split)) {
    here <- patients[patients$split == cohort, ]
    risk <- here[[paste0("risk_", model)]]
    ordered <- if (held_out %in% names(here)) here[[held_out]] else risk
    group <- factor(here[[paste0("group_", model)]], levels = c("low risk", "high risk"))
    known <- !is.na(here$label)
    add(model, cohort, "auc", estimable(auc(here$label[known], risk[known])))
    add(model, cohort, "concordance", estimable(harrell(here$time, here$event, ordered)))
    for (name in levels(group)) {
      for (month in c(12, 36, 60)) {
        values <- estimable(survival_at(here$time[group == name], here$event[group == name], month))
        add(model, cohort, paste(name, month), values)
      }
    }
    add(model, cohort, "logrank", estimable(logrank(here$time, here$event, group)))
    add(model, cohort, "hazard_ratio", estimable(hazard_ratio(here$time, here$event, group)))
  }
}
figures <- do.call(rbind, rows)
written <- figures
for (column in c("estimate", "lower", "upper")) written[[column]] <- format(written[[column]], digits = 17, trim = TRUE)
write.csv(written, file.path(folder, "main_figures.csv"), row.names = FALSE, quote = FALSE)
print(figures, digits = 3, row.names = FALSE)
