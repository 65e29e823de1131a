"""Maps of single patients: occlusion, how the risk changes when a part of the tumour is hidden, or Grad-CAM.

Occlusion is that of Zeiler and Fergus (ECCV 2014).

Beside each map stand checks (Adebayo et al., NeurIPS 2018; Petsiuk et al., BMVC 2018): the map of the same network with
random weights and, if wanted, that of a network trained on permuted outcomes, which should be other ones; and the risk
when the pixels that the map marks are hidden, which should change more than for as many pixels drawn at random.
"""

import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from monai.visualize import OcclusionSensitivity
from scipy.stats import spearmanr
from torch import Tensor, nn

from npc.bundle import networks
from npc.bundle.part import Part
from npc.bundle.risk_network import Risk
from npc.cohort.cohort import Cohort
from npc.config.method_schema import AugmentConfig
from npc.errors import InputError
from npc.explain.grad_cam import grad_cam
from npc.imaging.readers import read_scan
from npc.imaging.slice_images import framed
from npc.signature.data import SliceDataset
from npc.signature.sizes import Sized

SHARES = (0.1, 0.3, 0.5)  # of the tumour's pixels that are hidden
DRAWS = 5  # of as many pixels at random
PATCH = 32  # of the side of the image: that of a hidden square


@dataclass(frozen=True)
class Check:
    """The map of a network that knows nothing of the outcome.

    Attributes:
        importance: the map; NaN outside the outline.
        correlation: Spearman's, with the map of the network itself inside the outline; NaN where one is constant.
    """

    importance: np.ndarray
    correlation: float


@dataclass(frozen=True)
class Map:
    """Of one patient; arrays are (size, size), of the largest slice in the frame of the network's input.

    Attributes:
        patient: the id.
        risk: of the network.
        anatomy: uint8, not masked.
        inside: bool, the outline.
        millimetres: side of a pixel.
        importance: the map: risk minus the risk with the place hidden, or Grad-CAM; NaN outside the outline.
        checks: by `random_weights` and, where it was asked for, `permuted_outcomes`.
        hidden: risk with the most important pixels hidden, by share.
        hidden_at_random: mean of as many pixels drawn at random.
    """

    patient: str
    risk: float
    anatomy: np.ndarray
    inside: np.ndarray
    millimetres: float
    importance: np.ndarray
    checks: Mapping[str, Check]
    hidden: dict[float, float]
    hidden_at_random: dict[float, float]


def maps(
    part: Part,
    cohort: Cohort,
    store: str,
    patients: Sequence[str],
    seed: int = 0,
    method: str = "occlusion",
    permuted: Part | None = None,
) -> list[Map]:
    """A map for each of some patients.

    Args:
        part: a signature of networks.
        cohort: every patient has its sequences.
        store: folder of all stores.
        patients: their ids.
        seed: of random weights and pixels.
        method: of `METHODS`.
        permuted: the same signature, trained on permuted outcomes.

    Raises:
        InputError: faults of the images.
    """
    if len(cohort.regions) > 1:
        raise InputError(
            f"{'+'.join(cohort.regions)}: a map shows one region, and the network reads several; explain a run of one "
            "region"
        )
    slices = networks.read(part, cohort, store)
    table = pd.DataFrame({"label": 0, "time": 0.0, "event": 0}, index=list(patients))
    channels = part.settings["members"][0]["network"]["channels"]
    data = SliceDataset(slices, table, channels, AugmentConfig(flip=0, rotate=0, shift=0, intensity=0), seed)
    own = networks.modules(part)
    with_all = set.intersection(*({of.patient for of in cohort.studies(name)} for name in part.sequences))
    if lacking := [patient for patient in patients if patient not in with_all]:
        raise InputError(
            f"{', '.join(lacking)}: a map needs every sequence of the network; choose others with --patients"
        )
    if method == "grad_cam" and part.settings["members"][0]["network"].get("pooled", False):
        raise InputError("--method grad_cam: the network pools several slices; use --method occlusion")
    studies = {study.patient: study for study in cohort.studies(part.sequences[0])}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        others: dict[str, Sequence[nn.Module]] = {"random_weights": [_with_random_weights(module) for module in own]}
    if permuted:
        others["permuted_outcomes"] = networks.modules(permuted)
    found = []
    for number, patient in enumerate(patients):
        given, _ = data[number]
        x, sizes = (given.images, given.sizes) if isinstance(given, Sized) else (given, None)
        anatomy, inside, millimetres = framed(read_scan(studies[patient]), part.preprocess)
        flat = x.flatten(0, 1)[None]
        network, *unknowing = (Risk(of, tuple(x.shape), sizes).eval() for of in (own, *others.values()))
        importance, *other_maps = (METHODS[method](of, flat, inside) for of in (network, *unknowing))
        checks = {
            name: Check(of, _correlation(importance[inside], of[inside]))
            for name, of in zip(others, other_maps, strict=True)
        }
        hidden, at_random = _hidden(network, flat, inside, importance, np.random.default_rng(seed))
        risk = _risk(network, flat)[0]
        found.append(Map(patient, risk, anatomy, inside, millimetres, importance, checks, hidden, at_random))
    return found


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's; NaN where one is constant."""
    varying = np.ptp(one) > 0 and np.ptp(other) > 0
    return float(spearmanr(one, other).statistic) if varying else float("nan")


def _with_random_weights(module: nn.Module) -> nn.Module:
    again = deepcopy(module)
    for layer in again.modules():
        if callable(reset := getattr(layer, "reset_parameters", None)):
            reset()
    return again


@torch.no_grad()
def _risk(network: nn.Module, x: Tensor) -> np.ndarray:
    return network(x)[:, 0].numpy()


@torch.no_grad()
def _map(network: nn.Module, x: Tensor, inside: np.ndarray) -> np.ndarray:
    """The risk less the risk with each place hidden, NaN outside the outline."""
    patch = max(x.shape[-1] // PATCH, 4)
    occlusion = OcclusionSensitivity(network, mask_size=patch, overlap=0.5, verbose=False, activate=False)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    margin = 2 * patch
    box = [
        limit
        for of in (rows, columns)
        for limit in (max(int(of[0]) - margin, 0), min(int(of[-1]) + margin + 1, x.shape[-1]))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of torch about MONAI's indexing
        occluded = np.asarray(occlusion(x, b_box=box)[0])[0, 0]
    whole = np.full(inside.shape, np.nan)
    change = _risk(network, x)[0] - occluded
    whole[box[0] : box[0] + change.shape[0], box[2] : box[2] + change.shape[1]] = change
    return np.where(inside, np.nan_to_num(whole), np.nan)


METHODS = {"occlusion": _map, "grad_cam": grad_cam}


def _hidden(
    network: nn.Module, x: Tensor, inside: np.ndarray, importance: np.ndarray, rng: np.random.Generator
) -> tuple[dict[float, float], dict[float, float]]:
    """Risk with the most important pixels hidden, and with as many drawn at random, by share of the tumour's pixels."""
    places = np.flatnonzero(inside)
    ordered = places[np.argsort(-importance.ravel()[places], kind="stable")]
    hidden, at_random = {}, {}
    for share in SHARES:
        n = max(round(share * len(places)), 1)
        chosen = [ordered[:n], *(rng.choice(places, n, replace=False) for _ in range(DRAWS))]
        images = x.repeat(len(chosen), 1, 1, 1).flatten(2)
        for image, pixels in zip(images, chosen, strict=True):
            image[:, torch.from_numpy(pixels)] = 0
        risks = _risk(network, images.reshape(len(chosen), *x.shape[1:]))
        hidden[share], at_random[share] = float(risks[0]), float(risks[1:].mean())
    return hidden, at_random
