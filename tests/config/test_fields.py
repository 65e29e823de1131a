"""A field says what its value may be."""

from dataclasses import dataclass

import pytest

from npc.config.fields import (
    at_least,
    between,
    bound_faults,
    described,
    folder_name,
    less_than,
    neutral,
    one_of,
    positive,
    share,
    some_of,
)


@dataclass
class Schema:
    rate: float = positive(1.0)
    flip: float = share(0.5)
    seed: int | None = at_least(0, None)
    size: int = neutral(between(16, 64, "pixels", 32))
    kind: str = described(one_of("cox", "hazard", default="cox"), "of model")
    name: str = neutral(folder_name())
    classes: list[str] = some_of("shape", "glcm")
    n: int = 10
    test: int = less_than("n", 3)


GOOD = {"rate": 1e-9, "flip": 0, "seed": 0, "size": 64, "kind": "hazard", "name": "a b", "classes": ["glcm"], "n": 4,
        "test": 3}  # fmt: skip
NAN = float("nan")


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("rate", 0, "more than 0"),
        ("rate", NAN, "more than 0"),
        ("flip", -0.1, "between 0 and 1"),
        ("flip", 1.1, "between 0 and 1"),
        ("flip", NAN, "between 0 and 1"),
        ("seed", -1, "0 or more"),
        ("size", 15, "between 16 and 64 pixels"),
        ("size", 65, "between 16 and 64 pixels"),
        ("kind", "Cox", "one of cox, hazard"),
        ("name", "", "usable as the name of a folder"),
        ("name", "..", "usable as the name of a folder"),
        ("name", "a/b", "usable as the name of a folder"),
        ("classes", [], "some of shape, glcm"),
        ("classes", ["shape", "size"], "some of shape, glcm"),
        ("test", 4, "0 or more, and less than n"),
        ("test", -1, "0 or more, and less than n"),
    ],
)
def test_a_value_out_of_bounds_is_reported_alone(key, value, text):
    found = list(bound_faults(Schema, GOOD | {key: value}, "{}={}".format))
    assert found == [f"{key}={value}: must be {text}"]


def test_values_within_bounds_and_absent_ones_pass():
    assert not list(bound_faults(Schema, GOOD, "{}={}".format))
    assert not list(bound_faults(Schema, dict.fromkeys(GOOD), "{}={}".format))


def test_defaults_are_those_declared():
    made = Schema(name="a", classes=["shape"])
    assert (made.rate, made.flip, made.seed, made.size, made.kind, made.test) == (1.0, 0.5, None, 32, "cox", 3)
