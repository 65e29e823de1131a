"""The model of a bundle: from signatures and clinical variables to risk, risk group and absolute risk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from npc.cohort.clinical import Variable, parse
from npc.names import RISK_GROUPS
from npc.prognosis.absolute_risk import LARGEST
from npc.prognosis.encoding import Encoding
from npc.statistics import NotEstimable
from npc.statistics.baseline import Baseline
from npc.statistics.risk_interval import HazardVariance

TOTAL = "total points"  # beside the names of the parts


@dataclass(frozen=True)
class Formula:
    """What `npc.prognosis.formula.as_plain` wrote, with `name`, `threshold` and `cutoff`.

    Attributes:
        plain: these values.
    """

    plain: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Of `npc.names.MODELS`."""
        return self.plain["name"]

    @property
    def signatures(self) -> tuple[str, ...]:
        """Terms that are signatures."""
        return tuple(self.plain["signatures"])

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """Clinical ones that it needs."""
        return parse({of["name"]: of for of in self.plain["variables"]})

    def design(self, signatures: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
        """The terms, (patients, terms).

        Args:
            signatures: a column a term.
            patients: with the clinical variables, whose missing values are filled.
        """
        if not self.variables:
            return signatures
        levels = {name: tuple(of) for name, of in self.plain["levels"].items()}
        coded = Encoding(self.variables, dict(self.plain["fill"]), levels).transform(patients)
        return pd.concat([signatures, coded], axis=1)

    def risk(self, design: pd.DataFrame) -> pd.Series:
        """Of each patient; higher is worse."""
        if self.plain["coefficient"] is None:
            return design[self.signatures[0]].rename("risk")
        return pd.Series(expit(self.plain["intercept"] + self.contributions(design).sum(axis=1)), name="risk")

    def contributions(self, design: pd.DataFrame) -> pd.DataFrame:
        """What each term adds to the log odds, (patients, terms); none where the risk is the signature's own."""
        weights = self.plain["coefficient"] or {}
        return pd.DataFrame({term: design[term] * weight for term, weight in weights.items()}, index=design.index)

    def points(self, design: pd.DataFrame) -> pd.DataFrame:
        """Points of the nomogram, (patients, parts and their total); no columns where there is no nomogram.

        A part is a signature or a clinical variable. A value beyond an end of its scale has points below 0, or more
        than its scale shows.
        """
        given = self.plain.get("nomogram")  # a file of an older npc has none
        if not given:
            return pd.DataFrame(index=design.index)
        adds = self.contributions(design)
        points = {
            name: (adds[of["terms"]].sum(axis=1) - of["low"]) * given["points"] for name, of in given["parts"].items()
        }
        return pd.DataFrame(points, design.index).assign(**{TOTAL: lambda table: table.sum(axis=1)})

    def group(self, risk: pd.Series) -> pd.Series:
        """Low or high risk by the cut-off of the training cohort; a risk above it is high."""
        low, high = RISK_GROUPS.values()
        names = np.where(risk > self.plain["cutoff"], high, low)
        return pd.Series(pd.Categorical(names, [low, high], ordered=True), risk.index, name="group")

    @cached_property
    def baseline(self) -> Baseline:
        """Of the Cox form, known at whole months.

        Raises:
            NotEstimable: the model has no Cox form.
        """
        cox = self.plain["cox"]
        if cox is None or not cox["months"]:
            raise NotEstimable("the model has no baseline survival")
        months = np.array(cox["months"], dtype=float)
        return Baseline(months, np.array(cox["cumulative_hazard"], dtype=float), float(months[-1]))

    def predictor(self, design: pd.DataFrame) -> pd.Series:
        """Linear predictor of the Cox form, 0 for the mean of the training cohort.

        Raises:
            NotEstimable: as for `baseline`.
        """
        if (cox := self.plain["cox"]) is None:
            raise NotEstimable("the model has no baseline survival")
        centred = [(design[term] - cox["centre"][term]) * weight for term, weight in cox["coefficient"].items()]
        return sum(centred, pd.Series(0.0, design.index)).clip(-LARGEST, LARGEST)

    def absolute(self, design: pd.DataFrame, months: Sequence[int]) -> pd.DataFrame:
        """Probability of the event by each of the months that the baseline reaches, (patients, months)."""
        cox = self.plain["cox"]
        known = [month for month in months if cox and cox["months"] and month <= cox["months"][-1]]
        if not known:
            return pd.DataFrame(index=design.index)
        found = self.baseline.probability(self.predictor(design), known)
        return pd.DataFrame(found, design.index, [f"risk_{month}" for month in known])

    def intervals(self, design: pd.DataFrame) -> pd.DataFrame:
        """95% limits of these probabilities, (patients, limits), at the months for which the model has them.

        Of the Cox regression alone: a signature counts as known (`npc.statistics.risk_interval`).
        """
        cox = self.plain["cox"]
        if not cox or not (given := cox.get("interval")):  # a file of an older npc has none
            return pd.DataFrame(index=design.index)
        of = HazardVariance(*(np.array(given[key.name], dtype=float) for key in fields(HazardVariance)))
        centred = np.column_stack([design[term] - cox["centre"][term] for term in cox["coefficient"]])
        low, high = of.interval(centred, self.predictor(design))
        columns: dict[str, np.ndarray] = {}
        for number, month in enumerate(given["months"]):
            columns |= {f"risk_{month}_low": low[:, number], f"risk_{month}_high": high[:, number]}
        return pd.DataFrame(columns, design.index)
