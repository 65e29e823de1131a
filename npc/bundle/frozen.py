"""A regression on the features of an encoder in a bundle: `method=frozen`.

The file has the coefficients of the features, by which the training run predicted, too. The steps of the regression
stay behind: its principal components span the features of the training patients, so that anybody could tell whether a
patient was one of them.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf

from npc.bundle.part import Part
from npc.cohort.cohort import Cohort
from npc.config.method_schema import EncoderConfig
from npc.config.values import plain
from npc.errors import InputError
from npc.prognosis.runs import Run

_ENCODER = "encoder."
_UNNAMED = "a file of the hospital"


def pack(run: Run, config: DictConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and tensors: the encoder's weights and the coefficients of its features.

    Args:
        run: finished.
        config: of the run.

    Raises:
        InputError: the weights of the encoder are not those of the run.
    """
    import torch  # takes seconds

    from npc.frozen.encoder import Encoder

    state = torch.load(run.path / "model.ckpt", map_location="cpu", weights_only=True)
    settings = _encoder_settings(plain(config)["encoder"])
    encoder = Encoder(settings, config.seed)
    about = state["encoder"]
    if encoder.about["weights_sha256"] != about["weights_sha256"]:
        raise InputError(
            f"{run.path}: encoder.weights={settings.weights}: these are not the weights of the run (their SHA-256 "
            "differs); put its file back, or train the run again"
        )
    of_file = settings.weights not in ("scratch", "imagenet", "pretrained", "none")
    source = settings.source or (_UNNAMED if of_file else about["source"])
    given = {
        **plain(OmegaConf.structured(settings)),
        **{name: about[name] for name in ("input_size", "mean", "sd")},
        "weights": None,  # they are in the bundle
        "source": source,
        "licence": settings.licence or about["licence"],
    }
    tensors = {f"{_ENCODER}{name}": value.contiguous() for name, value in encoder.network.state_dict().items()}
    return {
        "preprocess": plain(config)["preprocess"],
        "encoder": given,
        "features": list(state["features"]),
        "intercept": float(state["intercept"]),
        "kind": config.endpoint.kind,
        **({"absent": state["absent"]} if "absent" in state else {}),
    }, {**tensors, "coefficient": state["coefficient"]}


def risks(part: Part, cohort: Cohort, store: str) -> pd.Series:
    """The risk of every patient.

    Args:
        part: of the bundle.
        cohort: every patient has the sequences.
        store: folder of all stores.
    """
    from npc.frozen.method import features_of
    from npc.frozen.regression import predict

    settings, patients = part.settings, cohort.patients.index
    features, _ = features_of(
        _encoder(part), cohort, part.sequences, patients, settings["slices"], part.preprocess, store
    )
    values = features.reindex(columns=settings["features"]).fillna(settings.get("absent", {})).to_numpy(dtype=float)
    risk = predict(values, part.tensors["coefficient"].numpy(), settings["intercept"], settings["kind"])
    return pd.Series(risk, patients, name="risk")


def _encoder_settings(given: dict[str, Any]) -> Any:
    return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(EncoderConfig), given))


def _encoder(part: Part) -> Any:
    from safetensors.torch import save_file

    from npc.frozen.encoder import Encoder

    settings = _encoder_settings(part.settings["encoder"])
    own = {n.removeprefix(_ENCODER): value for n, value in part.tensors.items() if n.startswith(_ENCODER)}
    if settings.library == "texture":
        settings.weights = "none"
        return Encoder(settings, 0)
    with TemporaryDirectory() as folder:
        settings.weights = str(Path(folder) / "encoder.safetensors")
        save_file(own, settings.weights)
        return Encoder(settings, 0)
