"""`npc plan` as a user types it."""

import json

import pytest


def test_patients_of_a_development_are_those_of_pmsampsize(npc):
    code, output, told = npc("plan", "development", "--parameters", 24, "--events", 0.174, "--r2", 0.288)
    assert (code, told) == (0, "")
    assert output.splitlines()[0] == "662 patients with 116 events (4.8 per parameter)"
    words = ["--parameters", 30, "--rate", 0.065, "--follow-up", 2.07, "--horizon", 2, "--r2", 0.051, "--json"]
    code, output, _ = npc("plan", "development", *words)
    found = json.loads(output)
    assert (code, found["patients"], found["criteria"]["optimism"]) == (0, 5143, 1039)


def test_a_validation_gives_patients_or_the_precision_of_a_number(npc):
    code, output, _ = npc("plan", "validation", "--events", 0.29, "--auc", 0.75, "--patients", 45)
    assert code == 0
    assert output.splitlines()[:2] == ["45 patients with 13 events; widths of 95% intervals:", "  AUC: 0.317"]
    words = ["--events", 0.29, "--auc", 0.75, "--auc-width", 0.317, "--slope-width", 9, "--oe-width", 9, "--json"]
    code, output, _ = npc("plan", "validation", *words)
    assert json.loads(output)["patients"] == pytest.approx(45, abs=1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--parameters", 0, "--events", 2, "--auc", 0.4],
            ["--parameters must be", "--events must be", "--auc must be"],
        ),
        (["--parameters", 3, "--events", 0.2], ["give either --auc or --r2"]),
        (
            ["--parameters", 3, "--rate", 0.2, "--auc", 0.7],
            ["give either --events, or --rate, --follow-up and --horizon"],
        ),
        (
            ["--parameters", 3, "--events", 0.2, "--auc", 0.7, "--follow-up", 40],
            ["--follow-up and --horizon need --rate"],
        ),
        (
            ["--parameters", 3, "--rate", 0.3, "--follow-up", 10, "--horizon", 5, "--r2", 0.1],
            ["rate times follow-up is the number of events of a patient"],
        ),
        (["--parameters", 3, "--events", 0.02, "--r2", 0.3], ["a Cox-Snell R2 of 0.3 is not possible"]),
    ],
)
def test_what_cannot_be_is_said_at_once(npc, words, told):
    code, output, message = npc("plan", "development", *words)
    assert (code, output) == (2, "")
    assert all(part in message for part in told)
