"""The phantom's scanners are those of Table 1."""

from collections import Counter

import numpy as np
import pytest

from npc.phantom.scanners import SCANNERS, draw_acquisition

# Table 1: patients, then TR, TE and acquisition matrix of T2 and of CE-T1, field of view, thickness
PUBLISHED = {
    "GE 1.5T": (105, (2720, 5866, 81, 113, 288, 224), (440, 600, 8, 11, 256, 224), (200, 250), 4),
    "GE 3.0T": (32, (4682, 8002, 85, 124, 288, 256), (400, 700, 6.7, 10, 288, 256), (200, 250), 4),
    "Philips 1.5T": (84, (2949, 2949, 120, 120, 288, 198), (630, 630, 15, 15, 260, 162), (200, 230), 5),
    "Philips 3.0T": (12, (2851, 2851, 90, 90, 288, 223), (595, 595, 7.1, 7.1, 256, 207), (200, 230), 5),
}
SIZES = (188, 45)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_default_phantom_has_the_published_numbers(seed):
    found = [[draw_acquisition(h, number, seed).scanner.name for number in range(SIZES[h])] for h in (0, 1)]
    assert Counter(found[0] + found[1]) == {name: row[0] for name, row in PUBLISHED.items()}
    assert Counter(found[1]) == {"Philips 1.5T": 33, "Philips 3.0T": 12}
    # and in an order that does not follow from the patient's number
    assert len(set(found[0][:20])) == 3
    assert found[0] != sorted(found[0])


def test_ten_times_the_patients_are_ten_times_the_numbers_and_begin_with_the_same():
    found = [[draw_acquisition(h, number, 3).scanner.name for number in range(10 * SIZES[h])] for h in (0, 1)]
    assert Counter(found[0] + found[1]) == {name: 10 * row[0] for name, row in PUBLISHED.items()}
    blocks = [found[0][start : start + 188] for start in (0, 188)]
    assert blocks[0] != blocks[1]


def test_every_parameter_lies_within_table_1_and_ranges_are_used():
    drawn = [draw_acquisition(h, number, 5) for h in (0, 1) for number in range(4 * SIZES[h])]
    for name, (_, t2, cet1, fov, thickness) in PUBLISHED.items():
        mine = [acquisition for acquisition in drawn if acquisition.scanner.name == name]
        for sequence, (*limits, frequency, phase) in (("t2", t2), ("cet1", cet1)):
            assert mine[0].scanner.protocols[sequence].matrix == (frequency, phase)
            tr, te = np.array([a.tr[sequence] for a in mine]), np.array([a.te[sequence] for a in mine])
            for values, (low, high) in ((tr, limits[:2]), (te, limits[2:])):
                assert (low <= values).all()
                assert (values <= high).all()
                assert np.ptp(values) >= 0.7 * (high - low)
        views = np.array([a.field_of_view for a in mine])
        assert fov[0] <= views.min() < fov[0] + 8
        assert fov[1] - 8 < views.max() <= fov[1]
        assert mine[0].scanner.thickness == thickness
        assert mine[0].grid(64).spacing[0] == thickness + 1
    assert len(SCANNERS) == len(PUBLISHED)
