"""`npc audit` as a user types it."""

import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "audit.md"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The file that the documentation shows."""
    (text,) = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "ours.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_paper_is_audited_by_default(npc):
    code, output, error = npc("audit")
    assert (code, error) == (0, "")
    lines = output.splitlines()
    assert any(re.search(r"^sex +0\.459 +0\.477 +0\.459 \* +0\.479 ", line) for line in lines)
    for start in (
        "7 categorical P values: 0.459, 0.178, 0.020, 0.223, 0.880, <0.001, 0.005; fits likelihood-ratio chi-squared",
        "Table 3, radiomic/cet1-max, validation: 0.511 (0.208–0.769); expected ",
        "Results, T2-w images with SSIM >= 0.9: 88.87%; expected 88.89% (40 of 45)",
        "Table 2, training: N3 31, IVb 29; expected N3 = IVb",
        "validation, number of events: not printed; fits 8 or 11",
    ):
        assert sum(line.startswith(start) for line in lines) == 1, start
    assert lines[-1] == "does not fit: 13, implied: 3"


def test_json_holds_findings_notes_and_p_values(npc):
    code, output, _ = npc("audit", "--json")
    results = json.loads(output)
    assert code == 0
    assert len(results["findings"]) == 16
    assert {note["kind"] for note in results["notes"]} == {"note"}
    fits = {row["variable"]: row["fits"] for row in results["p_values"]}
    assert fits.pop("age") == []
    assert all("likelihood_ratio" in tests for tests in fits.values())
    assert len(fits) == 7


def test_the_example_of_the_documentation(npc, example):
    code, output, _ = npc("audit", example, "--json")
    findings = json.loads(output)["findings"]
    assert code == 0
    assert [(finding["check"], finding["printed"]) for finding in findings] == [
        ("percentages", "92.5%"),
        ("rules", "T4 20, IV 15"),
    ]


def test_strict_ends_with_1_where_a_figure_does_not_fit(npc, example):
    assert npc("audit", example, "--strict")[0] == 1
    example.write_text(example.read_text().replace("rule: T4 <= IV", "rule: IV <= T4"))
    assert npc("audit", example, "--strict")[0] == 0


def test_bad_input_ends_with_2_and_one_message(npc, example):
    example.write_text(example.read_text().replace("levels:", "level:"))
    code, output, error = npc("audit", example)
    assert (code, output) == (2, "")
    assert error.startswith("npc: ")
    assert "did you mean levels?" in error
    assert "Traceback" not in error


def test_help_says_that_findings_are_no_errors(npc):
    code, output, _ = npc("audit", "--help")
    assert code == 0
    assert "Findings are results, not errors" in output
