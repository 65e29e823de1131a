"""The flow of patients: every count is the one before it less who was left out, at each hospital."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from npc.cohort.flow import Flow, flow

centres = st.sampled_from(["A", "B", "C", "[1]", "$x$"])
exclusions = st.lists(st.tuples(centres, st.sampled_from(["too young", "no t2", "no cet1"])))
analysed = st.lists(st.tuples(centres, st.sampled_from(["train", "validation", "test"])), min_size=1)


def frames(left_out: list[tuple], kept: list[tuple]) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.DataFrame(left_out, columns=["centre", "reason"]), pd.DataFrame(kept, columns=["centre", "split"])


def numbers(counts: Flow, kind: str) -> list[tuple[int, ...]]:
    return [step.patients for step in counts.steps if step.kind == kind]


def added(rows: list[tuple[int, ...]], width: int) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip([0] * width, *rows, strict=True))


@given(exclusions, analysed)
def test_counts_add_up(left_out, kept):
    counts = flow(*frames(left_out, kept))
    (everybody,), (rest,) = numbers(counts, "all"), numbers(counts, "analysed")
    width = 1 + len(counts.centres)
    for step in counts.steps:
        assert step.patients[0] == sum(step.patients[1:])
    assert everybody[0] == len(left_out) + len(kept)
    assert added([*numbers(counts, "left out"), rest], width) == everybody
    assert added(numbers(counts, "split"), width) == rest
    steps = [step.label for step in counts.steps if step.kind == "left out"]
    assert steps == list(dict.fromkeys(reason for _, reason in left_out))  # one box a reason, in the order of the steps
    for centre, place in zip(counts.centres, range(1, width), strict=True):
        assert everybody[place] == sum(c == centre for c, _ in [*left_out, *kept])


def test_the_papers_flow():
    counts = flow(
        *frames(
            [("h2", "stage II"), ("h2", "no t2"), ("h2", "stage II")],
            [("h1", "train")] * 169 + [("h1", "validation")] * 19 + [("h2", "test")] * 45,
        )
    )
    assert counts.lines() == [
        "All patients: 236 (h1 188, h2 48)",
        "left out: stage II: 2 (h1 0, h2 2)",
        "left out: no t2: 1 (h1 0, h2 1)",
        "Analysed: 233 (h1 188, h2 45)",
        "Training: 169 (h1 169, h2 0)",
        "Internal validation: 19 (h1 19, h2 0)",
        "External test: 45 (h1 0, h2 45)",
    ]


def test_a_test_at_a_hospital_that_trains_is_not_called_external():
    labels = [step.label for step in flow(*frames([], [("h1", "train"), ("h1", "test")])).steps]
    assert labels == ["All patients", "Analysed", "Training", "Test"]


def test_without_a_split_the_flow_ends_with_who_is_analysed():
    left_out, kept = frames([("h1", "no t2")], [("h1", "train")])
    assert [step.kind for step in flow(left_out, kept.drop(columns="split")).steps] == [
        "all", "left out", "analysed",
    ]  # fmt: skip
