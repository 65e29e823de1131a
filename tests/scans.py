"""An image and its outline read from their paths, without a cohort."""

from pathlib import Path
from typing import Any

from npc.cohort.studies import Study
from npc.imaging import readers
from npc.imaging.readers import Scan
from npc.names import FIRST_READER


def read_scan(image_path: Path, mask_path: Path, **reading: Any) -> Scan:
    """Args: `reading` is `label`, `roi` and `by_index` of the study."""
    return readers.read_scan(Study("P1", "mr", image_path, {FIRST_READER: mask_path}, **reading))
