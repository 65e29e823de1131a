"""Work on many studies: results in order, and the faults of all of them."""

from functools import partial
from pathlib import Path

import pytest

from npc.cohort.studies import Study
from npc.errors import InputError
from npc.imaging.read_all import read_all

STUDIES = [Study(f"P{i}", "mr", Path(f"/{i}.nii"), {"reader1": Path(f"/{i}_mask.nii")}) for i in range(8)]


def work(study: Study, wrong: dict[str, list[str]]) -> str:
    if study.patient in wrong:
        raise InputError(wrong[study.patient])
    return study.image.name


@pytest.mark.parametrize("ordered", [True, False])
def test_every_study_gives_a_result_or_its_faults(ordered):
    wrong = {"P2": ["/2.nii is cut off", "is too small"], "P5": ["is too small"]}
    faults: list[str] = []
    found = list(read_all(STUDIES, partial(work, wrong=wrong), "Reading", faults, ordered=ordered))
    assert sorted(faults) == ["/2.nii is cut off", "/2_mask.nii: is too small", "/5_mask.nii: is too small"]
    expected = [(study, f"{i}.nii") for i, study in enumerate(STUDIES) if study.patient not in wrong]
    assert (found if ordered else sorted(found, key=lambda pair: pair[0].patient)) == expected
    if ordered:
        assert faults == sorted(faults)


def test_an_error_other_than_bad_input_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(read_all(STUDIES, lambda study: 1 / 0, "Reading", []))


def test_without_studies_nothing_is_printed(capfd):
    assert list(read_all([], work, "Reading", [])) == []
    assert capfd.readouterr() == ("", "")
