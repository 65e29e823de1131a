"""Proof: patients of the validation and test cohorts change nothing that is fitted."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from npc.names import METHODS as TITLES
from npc.prognosis.groups import cutoffs
from npc.prognosis.models import signature
from npc.prognosis.runs import Run
from npc.prove.proof import Proof, Row, all_hold, compared
from npc.prove.runs import METHODS, STANDARDISED, TinyRuns
from npc.statistics.classification import youden_threshold

_CLAIM = "Other patients in the validation and test cohorts change no fitted artefact; other training patients do."
_METHOD = (
    "Each method was trained on a phantom; then on a copy in which every patient of the validation and test cohorts "
    "had the images, outlines, clinical variables and follow-up of another one, and events and non-events were "
    "exchanged; then on a copy in which the same was done to the training patients, to show that the comparison would "
    "detect a difference. The network has one epoch, because the validation cohort may choose the epoch. Values are "
    "the first 16 digits of SHA-256, or the number itself."
)


def fit_proof(tiny: TinyRuns) -> Proof:
    """Trains every method on three cohorts and compares what was fitted."""
    rows: list[Row] = []
    networks = [(f"{TITLES['deep_learning']}, standardised features", STANDARDISED)]
    for title, words in [*((TITLES[method], words) for method, words in METHODS.items()), *networks]:
        run = tiny.train("original", *words)
        if not tiny.cohort("held_out_altered").exists():
            split = run.predictions["split"]
            tiny.alter("held_out_altered", set(split.index[split != "train"]))
            tiny.alter("training_altered", set(split.index[split == "train"]))
        before = artefacts(run)
        for cohort, same in (("held_out_altered", True), ("training_altered", False)):
            after = artefacts(tiny.train(cohort, *words))
            of = f"{title}, {'held-out' if same else 'training'} patients altered"
            rows += compared(of, run.key, before, after, same=same)
    return Proof("fit", _CLAIM, _METHOD, all_hold(rows), tuple(rows))


def artefacts(run: Run) -> dict[str, str]:
    """What a run has fitted, by hash, and the threshold and cut-off that a report takes from it."""
    import torch  # takes seconds

    model = torch.load(run.path / "model.ckpt", weights_only=True, map_location="cpu")
    found = {"weights or coefficients": digest(model.get("state_dict", model))}
    for name in ("selection.csv", "out_of_fold.csv"):
        if (path := run.path / name).exists():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    risk = signature(run.method, run, run.predictions.index).held_out
    split: pd.Series = run.predictions["split"]
    training = split == "train"
    found["threshold"] = repr(float(youden_threshold(run.predictions["label"][training], risk[training])))
    found["cut-off"] = repr(float(cutoffs(risk, split, "training")["train"]))
    return found


def digest(value: Any) -> str:
    """The first 16 digits of SHA-256 of nested mappings of tensors and plain values."""
    sha = hashlib.sha256()

    def add(name: str, one: Any) -> None:
        if isinstance(one, Mapping):
            for key in sorted(one, key=str):
                add(f"{name}/{key}", one[key])
        elif hasattr(one, "numpy"):
            array = one.detach().cpu().numpy()
            sha.update(f"{name}:{array.dtype}:{array.shape}".encode() + array.tobytes())
        else:
            sha.update(f"{name}:{one!r}".encode())

    add("", value)
    return sha.hexdigest()[:16]
