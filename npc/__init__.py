"""npc: can pretreatment MRI tell which patients will develop distant metastasis?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from npc.bundle.python import Model

__version__ = "0.1.0"


def load(path: str | Path) -> Model:
    """A model that was handed over with `npc bundle`; its `predict` gives the risk of a patient (docs/handing_over.md).

    Args:
        path: of the file, or the folder of a finished run.

    Raises:
        InputError: the file is no bundle, of a newer format, or was changed.
    """
    from npc.bundle.python import Model  # takes seconds: only those pay for it who predict

    return Model(path)
