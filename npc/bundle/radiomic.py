"""A radiomic signature in a bundle: `method=radiomic`."""

from typing import Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig
from scipy.special import expit

from npc.bundle.part import Part, batch_of, batches, splits
from npc.cohort.cohort import Cohort
from npc.config.method_schema import FeaturesConfig
from npc.config.values import plain
from npc.imaging.acquisition import read_scanner
from npc.prognosis.runs import Run
from npc.run.method import UNLABELLED
from npc.statistics.combat import Combat

UNKNOWN = "unknown"  # a scanner that ComBat was not fitted with: its features stay as they are


def pack(run: Run, config: DictConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and tensors of a run's signature.

    Args:
        run: finished.
        config: of the run.
    """
    import torch  # takes seconds

    state = torch.load(run.path / "model.ckpt", map_location="cpu", weights_only=True)
    settings = {
        "radiomics": plain(config)["radiomics"]["features"],
        "features": list(state["features"]),
        "intercept": float(state["intercept"]),
        "combat": state.get("combat") or None,
        "batches": batches(splits(run) == UNLABELLED),
    }
    return settings, {name: state[name] for name in ("coefficient", "median")}


def risks(part: Part, cohort: Cohort, store: str) -> pd.Series:
    """The risk of every patient.

    Args:
        part: of the bundle.
        cohort: every patient has the sequences.
        store: folder of all stores.

    Raises:
        InputError: features of patients that can't be computed.
    """
    settings, patients = part.settings, cohort.patients.index
    values, coefficient = _features(part, cohort, store), part.tensors["coefficient"].numpy()
    every = np.ones(len(coefficient), dtype=bool)  # so that the sum has the order of `Signature.decision_function`
    found = [
        pd.Series(expit(settings["intercept"] + of.to_numpy(dtype=float)[:, every] @ coefficient), of.index)
        for _, of in values.groupby(batch_of(settings["batches"], patients))
    ]
    return pd.concat(found)[patients].rename("risk")


def contributions(part: Part, cohort: Cohort, store: str) -> pd.DataFrame:
    """What each feature adds to the log odds of the risk, compared with its median in the training cohort.

    Args: as for `risks`.

    Returns:
        (patients, features).
    """
    coefficient, median = (part.tensors[name].numpy() for name in ("coefficient", "median"))
    return (_features(part, cohort, store) - median) * coefficient


def _features(part: Part, cohort: Cohort, store: str) -> pd.DataFrame:
    from npc.imaging.views import lacking, views, with_own_slices
    from npc.radiomics.extract import extract
    from npc.radiomics.method import table

    settings, patients = part.settings, cohort.patients.index
    features = FeaturesConfig(**settings["radiomics"])
    absent, seen = lacking(store, cohort, part.sequences, patients), views(cohort, part.sequences)
    own = [(view, with_own_slices(view, absent)) for view in seen]
    extracted = {view.name: extract(of, view.sequence, features, store=store) for view, of in own if len(of.patients)}
    may_lack = [view.name for view in seen if view.may_be_absent]
    values = table(extracted, settings["slices"], may_lack).reindex(index=patients, columns=settings["features"])
    values = values.fillna(dict(zip(settings["features"], part.tensors["median"].tolist(), strict=True)))
    if settings["combat"]:
        adjusted = _combat(settings["combat"]).adjust(values, scanners(cohort, part.sequences[0]))
        values = pd.DataFrame(adjusted, values.index, values.columns)
    return values


def scanners(cohort: Cohort, sequence: str) -> pd.Series:
    """Vendor and field strength of each patient's image, `UNKNOWN` where neither header nor sidecar says them."""
    return pd.Series({study.patient: read_scanner(study.image) or UNKNOWN for study in cohort.studies(sequence)})


def _combat(state: dict[str, Any]) -> Combat:
    mean, scale = np.array(state["mean"]), np.array(state["scale"])
    shift, spread = ({name: np.array(of) for name, of in state[key].items()} for key in ("shift", "spread"))
    return Combat(mean, scale, shift, spread)
