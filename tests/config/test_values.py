"""What a composed config says, as values that other code takes."""

from npc.config.loading import compose
from npc.config.values import run_sequences


def test_sequences_that_a_run_reads():
    assert run_sequences(compose([])) == ("cet1",)
    assert run_sequences(compose(["sequence=both"])) == ("cet1", "t2")
    assert run_sequences(compose(["cohort=sts", "cohort.root=x", "sequence=both"])) == ("mr_t1", "ct")
