"""The features of a cohort's slices, each computed once and stored.

The store holds a file for each input of an encoder, `encoder-<encoder>/<pixels>.npy`, named by hashes of the encoder
with its weights and of the pixels: other weights, another size or preprocessing, or a changed image gets another file.
"""

import hashlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from npc.files import make_folder, write_bytes
from npc.frozen.encoder import Encoder
from npc.imaging.store import Slices
from npc.terminal import track


def encode(
    encoder: Encoder, slices: Slices, patients: pd.Index, mode: str, store: str | Path, view: str
) -> pd.DataFrame:
    """The features of each patient who has the slices, (patients, features), float64; the mean over those outlined.

    With `encoder.pool=area` each slice has the weight of its outlined area.

    Args:
        encoder: whose features.
        slices: of one sequence and region.
        patients: which.
        mode: `max`, the largest slice; `three`, it and its neighbours; `all`, those of the whole outline.
        store: folder of all stores.
        view: for the names of the features.
    """
    home = Path(store) / f"encoder-{encoder.hash[:12]}"
    make_folder(home)
    chosen = slice(1, 2) if mode == "max" else slice(None)
    rows = {}
    for patient in track(patients[patients.isin(list(slices.rows))], f"Features of {view}"):
        planes = np.asarray(slices.array[slices.rows[patient], chosen])
        inputs = encoder.inputs(planes)
        parts = np.array([_stored(encoder, part, home) for part in inputs], dtype=float)
        if encoder.settings.pool == "area":
            rows[patient] = np.average(parts, axis=0, weights=[np.count_nonzero(part) for part in inputs])
        else:
            rows[patient] = np.mean(parts, axis=0)
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("patient_id")
    return table.rename(columns="{}_{}".format(view, "{}").format)


def _stored(encoder: Encoder, part: np.ndarray, home: Path) -> np.ndarray:
    content = hashlib.sha256(f"{part.shape}".encode() + part.tobytes()).hexdigest()
    file = home / f"{content}.npy"
    with suppress(OSError, ValueError, EOFError):  # absent, or damaged by a full disk or a copy cut short
        return np.load(file)
    written = BytesIO()
    np.save(written, encoder.features(part))
    write_bytes(file, written.getvalue())
    return np.load(file)
