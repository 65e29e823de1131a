"""One patient of the phantom: drawn and written as files, with the rows of both tables."""

from pathlib import Path
from typing import Any

import numpy as np

from npc.names import OTHER_READERS
from npc.phantom.files import write_nifti, write_series, write_sidecar
from npc.phantom.hospitals import HOSPITALS
from npc.phantom.images import draw_study
from npc.phantom.options import Options
from npc.phantom.outlines import outlined_again, redraw
from npc.phantom.parts import JOINT, PARTS
from npc.phantom.population import draw_patient
from npc.phantom.scanners import draw_acquisition
from npc.phantom.signal import SEQUENCES

_MISSING_STREAM = 7  # other than those of the patient, images, scanners, outlines and signal

Row = dict[str, Any]


def write_patient(folder: Path, hospital: int, number: int, *, options: Options) -> tuple[Row, Row]:
    """Draws and writes one patient; the rows of `patients.csv` and of `truth.csv`.

    Args:
        folder: of the cohort.
        hospital: 0 or 1, in the order of `HOSPITALS`.
        number: 0, 1, ... within the hospital.
        options: of the phantom.
    """
    patient, truth = draw_patient(HOSPITALS[hospital], number, options)
    acquisition = draw_acquisition(hospital, number, options.seed)
    grid, name = acquisition.grid(options.matrix), str(patient["patient_id"])
    home = Path("images") / name
    (folder / home).mkdir(parents=True, exist_ok=True)
    lacks_t2 = np.random.default_rng([options.seed, hospital, number, _MISSING_STREAM]).random() < options.without_t2
    for index, sequence in enumerate(SEQUENCES):
        if lacks_t2 and sequence == "t2":
            readers = OTHER_READERS if options.readers else ()
            patient |= dict.fromkeys(["t2_image", "t2_mask", *(f"t2_mask_{reader}" for reader in readers)])
            continue
        rng = np.random.default_rng([options.seed, hospital, number, 1 + index])
        shown = {part: truth[f"{sequence}_{part}_shown"] for part in PARTS}
        image, depth = draw_study(sequence, shown, options.signal_in == JOINT, options.matrix, acquisition, rng)
        if hospital == 0:
            patient[f"{sequence}_image"] = home / f"{sequence}.nii.gz"
            write_nifti(folder / home / f"{sequence}.nii.gz", image, grid)
            write_sidecar(folder / home / f"{sequence}.json", sequence, acquisition)
        else:
            patient[f"{sequence}_image"] = home / sequence
            write_series(folder / home / sequence, image, name, sequence, acquisition)
        outlines = {"mask": (depth < 1).astype(np.uint8)}
        if hospital == 0 and number in outlined_again(options):
            for reader in OTHER_READERS:
                dice = getattr(options, f"dice_{reader}")
                outlines[f"mask_{reader}"] = redraw(depth, dice, grid, rng)
        for column in ("mask", *(f"mask_{reader}" for reader in OTHER_READERS if options.readers)):
            path = home / f"{sequence}_{column}.nii.gz"
            patient[f"{sequence}_{column}"] = path if column in outlines else None
            if column in outlines:
                write_nifti(folder / path, outlines[column], grid)
    return patient, truth | {"scanner": acquisition.scanner.name}
