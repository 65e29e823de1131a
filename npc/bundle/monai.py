"""A bundle in MONAI's form: a folder that `python -m monai.bundle` reads (MONAI Bundle Specification).

`inference.json` predicts a folder of images (`npc.bundle.folders`) with the whole model. `network_def` is its network
alone, whose weights `models/model.pt` also holds, for tools that take networks.
"""

import io
import json
from pathlib import Path
from typing import Any

import monai
import numpy as np
import torch

from npc.bundle.manifest import pack
from npc.bundle.part import Part
from npc.bundle.read import Bundle
from npc.bundle.risk_network import Risk, of_bundle, onnx, risk_network
from npc.files import write_bytes, write_text

SCHEMA = "https://project-monai.github.io/schema/meta_schema_20240725.json"
_MODEL = "$@bundle_root + '/models/model.npc.zip'"


def write_monai(folder: Path, content: dict[str, bytes], bundle: Bundle, *, with_onnx: bool) -> None:
    """Writes `configs`, `models` and `docs`.

    Args:
        folder: of the MONAI bundle.
        content: members of the bundle.
        bundle: the same, opened.
        with_onnx: whether `models/model.onnx` is written.

    Raises:
        InputError: the model has no signature of networks, or its network reads more than images.
    """
    part = of_bundle(bundle)
    network = risk_network(part)
    as_onnx = onnx(part) if with_onnx else b""  # what can't be made ends before a file is written
    state = io.BytesIO()
    torch.save(network.state_dict(), state)
    write_bytes(folder / "models" / "model.pt", state.getvalue())
    write_bytes(folder / "models" / "model.npc.zip", pack(content))
    if with_onnx:
        write_bytes(folder / "models" / "model.onnx", as_onnx)
    write_text(folder / "configs" / "metadata.json", _json(metadata(bundle, part, network)))
    write_text(folder / "configs" / "inference.json", _json(inference()))
    write_bytes(folder / "docs" / "README.md", content["README.md"])
    write_text(folder / "docs" / "license.txt", f"{bundle.about['licence']}\n")


def metadata(bundle: Bundle, part: Part, network: Risk) -> dict[str, Any]:
    """`metadata.json` by MONAI's schema.

    Args:
        bundle: the model.
        part: its signature of networks.
        network: of that signature.
    """
    about, made_by = bundle.about, bundle.about["made_by"]
    sequences, channels, *plane = network.shape
    regions = [f", {region}" for region in about.get("rois", {})] if len(about.get("rois", {})) > 1 else [""]
    series = [f"{name}{region}" for name in part.sequences for region in regions]
    names = [f"{name}, slice {number + 1}" for name in series for number in range(channels)]
    return {
        "schema": SCHEMA,
        "version": "1.0.0",
        "changelog": {"1.0.0": "as written by npc bundle --monai"},
        "monai_version": monai.__version__,
        "pytorch_version": torch.__version__.partition("+")[0],
        "numpy_version": np.__version__,
        "required_packages_version": {"npc": made_by["npc"]},
        "task": f"Prognosis: {about['endpoint']['name']}",
        "description": f"{about['title']} of npc. The risk of a patient from the slices of a tumour with its outline.",
        "authors": "not stated: the hospital that made it",
        "copyright": about["licence"],
        "data_type": "MRI with the outline of the tumour",
        "pred_classes": "one value; higher means a worse prognosis",
        "eval_metrics": {f"AUC, {split}": of["auc"] for split, of in about["figures"].items()},
        "intended_use": about["use"],
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "magnitude",
                    "modality": "MR",
                    "num_channels": sequences * channels,
                    "spatial_shape": plane,
                    "dtype": "float32",
                    "value_range": [0, 1],
                    "is_patch_data": False,
                    "channel_def": dict(enumerate(names)),
                }
            },
            "outputs": {
                "pred": {
                    "type": "probabilities",
                    "format": "regression",
                    "num_channels": 1,
                    "spatial_shape": [],
                    "dtype": "float32",
                    "value_range": [],
                    "is_patch_data": False,
                    "channel_def": {0: "risk"},
                }
            },
        },
    }


def inference() -> dict[str, Any]:
    """`inference.json`: `python -m monai.bundle run --config_file configs/inference.json --bundle_root .`."""
    return {
        "imports": ["$from pathlib import Path"],
        "bundle_root": ".",
        "dataset_dir": "$@bundle_root + '/input'",
        "output_dir": "$@bundle_root + '/output'",
        "device": "cpu",
        "network_def": {"_target_": "npc.bundle.risk_network.of_file", "path": _MODEL},
        "predict": {
            "_target_": "npc.bundle.folders.predict_folders",
            "_mode_": "callable",
            "model": "$Path(@bundle_root) / 'models' / 'model.npc.zip'",
            "source": "$Path(@dataset_dir)",
            "output": "$Path(@output_dir)",
        },
        "initialize": [],
        "run": ["$@predict()"],
    }


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
