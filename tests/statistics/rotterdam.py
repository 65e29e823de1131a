"""Rotterdam to GBSG: the model and coding of Giardiello et al. (Annals of Internal Medicine 2023)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from npc.statistics.baseline import Baseline, baseline
from npc.statistics.cox import cox
from npc.statistics.spline import restricted_cubic_spline

YEARS = 5.0  # both cohorts are censored there


@dataclass(frozen=True)
class Validation:
    """GBSG, and the model that was fitted to Rotterdam."""

    time: np.ndarray
    event: np.ndarray
    predictor: np.ndarray
    smaller: np.ndarray  # predictor of a model without nodes
    baseline: Baseline
    coefficient: np.ndarray

    def probability(self, years: float) -> np.ndarray:
        return self.baseline.probability(self.predictor, [years])[:, 0]


def validation(rotterdam: pd.DataFrame, gbsg: pd.DataFrame) -> Validation:
    event = rotterdam[["recur", "death"]].max(axis=1)
    died_later = (event == 1) & (rotterdam["recur"] == 0) & (rotterdam["rtime"] < rotterdam["dtime"])
    years = rotterdam["rtime"].where(~died_later, rotterdam["dtime"]) / 365.25
    most = np.quantile(rotterdam["nodes"], 0.99, method="inverted_cdf")
    size = rotterdam["size"].map({"<=20": 0, "20-50": 1, ">50": 2})
    training = _design(size, rotterdam, most)
    held_out = _design(pd.Series(np.digitize(gbsg["size"], [20, 50], right=True)), gbsg, most)
    time, censored = _until(years, event)
    middle = training.mean(axis=0)
    fitted = cox(time, censored, training)
    predictor = (training - middle) @ fitted.coefficient
    few = [0, 1, 4]
    smaller = (held_out[:, few] - middle[few]) @ cox(time, censored, training[:, few]).coefficient
    own = _until(gbsg["rfstime"] / 365.25, gbsg["status"])
    return Validation(
        *own, (held_out - middle) @ fitted.coefficient, smaller, baseline(time, censored, predictor), fitted.coefficient
    )


def _design(size: pd.Series, table: pd.DataFrame, most: float) -> np.ndarray:
    nodes = np.minimum(table["nodes"], most)
    terms = [size == 1, size == 2, nodes, restricted_cubic_spline(nodes, [0, 1, 9])[:, 0], table["grade"] == 3]
    return np.column_stack(terms).astype(float)


def _until(years: pd.Series, event: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    return np.minimum(years, YEARS).to_numpy(), (event * (years <= YEARS)).to_numpy()
