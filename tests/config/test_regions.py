"""Which regions a run may see: what is wrong with a choice is said in one message."""

import pytest

from npc.config.checks import check
from npc.config.key import run_folder
from npc.errors import InputError
from tests.config.composed import quickly

ROIS = ("+cohort.rois.tumour=1", "+cohort.rois.node=2")


def test_regions_are_a_variant_of_their_own():
    config = quickly(*ROIS, "region=tumour+node", "runs=R")
    check(config)
    assert run_folder(config).parent.as_posix() == "R/phantom/cet1@tumour+node-max"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((*ROIS, "region=tumour+lung"), "cohort.rois has no lung; it has tumour, node"),
        ((*ROIS, "region=node+node"), "names a region twice"),
        ((*ROIS, "region=ring5"), "a ring lies around one outline"),
        ((*ROIS, "cohort.label=1"), "both choose values of the outlines"),
        (("+cohort.rois.tumour=1", "+cohort.rois.node=1"), "tumour and node have the same value 1"),
        (("+cohort.rois.tumour=0",), "is the background"),
        (("region=node",), "must be tumour, or a ring of millimetres such as ring5"),
        ((*ROIS, "region=tumour+node", "cohort.missing=mask"), "cohort.missing=mask: cannot be used with several"),
        ((*ROIS, "region=tumour+node", "network.size_input=true"), "size_input=true: cannot be used with several"),
        ((*ROIS, "region=tumour+node", "method=radiomic", "radiomics.combat=true"), "combat=true: cannot be used with"),
        (("+cohort.rois.tumour=GTV", "+cohort.rois.node=GTV"), "tumour and node have the same value GTV"),
        (("+cohort.rois.tumour=GTVp", "+cohort.roi.cet1=GTV"), "both choose contours of an RTSTRUCT"),
    ],
)
def test_a_choice_that_cannot_be_is_one_message(words, told):
    with pytest.raises(InputError) as error:
        check(quickly(*words))
    assert [told in fault for fault in error.value.faults] == [True]
