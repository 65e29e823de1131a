"""Features of several regions side by side, of which a patient may lack one (`npc.imaging.views`)."""

from collections.abc import Mapping, Sequence

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

_STEP = "absent"


def side_by_side(tables: Mapping[str, pd.DataFrame], may_lack: Sequence[str]) -> pd.DataFrame:
    """The features of all views, with a further feature `<view>_present` (0 or 1) for each region that may be absent.

    Args:
        tables: (patients, features) by view, the features with names of their own; the first view has every patient.
        may_lack: the views whose region a patient may lack; the features are NaN where `<view>_present` is 0. A view
            has no table if none of the predicted patients has its region.
    """
    features = pd.concat(tables.values(), axis=1)
    there = {view: tables[view].index if view in tables else pd.Index([]) for view in may_lack}
    present = {f"{view}_present": features.index.isin(of).astype(float) for view, of in there.items()}
    return features.assign(**present)


def fill_absent(pipeline: Pipeline, features: pd.DataFrame, may_lack: Sequence[str]) -> None:
    """Gives a pipeline a first step that fills the features of an absent region, if there is one.

    They are filled with the median of the patients who have the region; it is fitted, as all other steps, on the
    patients that the pipeline is fitted on.

    Args:
        pipeline: not fitted.
        features: of `side_by_side`.
        may_lack: the same.
    """
    prefixes = tuple(f"{view}_" for view in may_lack)
    if filled := [str(name) for name in features if str(name).startswith(prefixes)]:
        imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        step = ColumnTransformer([(_STEP, imputer, filled)], remainder="passthrough", verbose_feature_names_out=False)
        pipeline.steps.insert(0, (_STEP, step.set_output(transform="pandas")))


def filled_names(fitted: Pipeline, features: Sequence[str]) -> list[str]:
    """The names of the features in the order in which the steps after the filling see them."""
    return [*fitted[_STEP].get_feature_names_out()] if _STEP in fitted.named_steps else list(features)


def medians(fitted: Pipeline) -> dict[str, float]:
    """What stands in for the features of an absent region, by name; empty where no region may be absent."""
    if _STEP not in fitted.named_steps:
        return {}
    (_, imputer, names), *_ = fitted[_STEP].transformers_
    return dict(zip(names, map(float, imputer.statistics_), strict=True))
