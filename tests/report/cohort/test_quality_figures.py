"""Figures of the image consistency: there, drawn the same each time, whatever the number of patients."""

import numpy as np
import pytest

from npc.imaging.quality import Consistency
from npc.report.cohort.quality import draw_least_consistent, draw_pairs

pytestmark = pytest.mark.usefixtures("coarse")


def made(development: int, external: int) -> tuple[Consistency, dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    ids = [f"A_$1${i}" for i in range(development)], [f"B{i}" for i in range(external)]
    pairs = {reading: rng.uniform(0.8, 1, (development, external)) for reading in ("unmasked", "masked")}
    pictures = {patient: rng.integers(0, 256, (2, 16, 16), dtype=np.uint8) for patient in (*ids[0], *ids[1])}
    return Consistency(*ids, pairs), pictures


@pytest.mark.slow
@pytest.mark.parametrize(("development", "external"), [(1, 1), (14, 3)])
def test_figures_of_few_and_many(tmp_path, development, external):
    found, pictures = made(development, external)
    for name in ("a", "b"):
        draw_pairs(tmp_path / f"{name}_pairs", found, 0.9)
        draw_least_consistent(tmp_path / f"{name}_least", found, pictures)
    for figure in ("pairs", "least"):
        for suffix in ("png", "svg"):
            first, second = (tmp_path / f"{name}_{figure}.{suffix}" for name in ("a", "b"))
            assert first.read_bytes() == second.read_bytes()
