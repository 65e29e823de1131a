"""The audit finds the inconsistencies of the paper, and none in a study whose figures were computed."""

import copy
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npc.audit import Finding, audit
from npc.published import load
from npc.published.rule import Relation, parse
from tests.audit.studies import COHORTS, RULES, consistent, write

SEEDS = st.integers(0, 2**32 - 1)


def findings(study: dict[str, Any]) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        return [finding for finding in audit(load(write(study, Path(folder)))) if finding.kind != "note"]


@pytest.fixture(scope="module")
def paper() -> list[Finding]:
    return audit(load())


# The paper


def test_paper_six_p_values_fit_likelihood_ratio_alone_and_all_seven_fit_it(paper):
    by_place = {finding.place: finding for finding in paper if finding.check == "p_values"}
    for variable in ("sex", "t_stage", "n_stage", "staging", "histology", "regimen"):
        finding = by_place[f"Table 2, {variable}, P value"]
        assert finding.kind == "does not fit"
        assert finding.meaning.startswith(
            f"fits {finding.printed} (likelihood-ratio chi-squared), not named in Methods"
        )
    assert "Table 2, ebv_dna, P value" not in by_place  # < 0.001 under every test
    together = by_place["7 categorical P values"]
    assert (together.kind, together.expected) == ("implied", "likelihood-ratio chi-squared")
    assert "all 7 fit it; 6 of them fit no test named in Methods" in together.meaning
    assert by_place["Table 2, age, P value"].kind == "note"


def test_paper_other_findings(paper):
    rows = {(finding.check, finding.place, finding.printed, finding.expected) for finding in paper}
    three = "0.578 (0.271–0.885), 0.578 (0.268–0.888) or 0.580 (0.271–0.888)"
    max_slice = "0.511 (0.208–0.814), 0.511 (0.253–0.769) or 0.489 (0.208–0.769)"
    nearest = "88.89% (40 of 45), 88.83% (167 of 188) or 88.84% (207 of 233)"
    t2 = "Results, T2-w images with SSIM >= 0.9"
    assert {row for row in rows if row[0] not in ("p_values",) and row[3]} == {
        ("intervals", "Table 3, radiomic/cet1-max, validation", "0.511 (0.208–0.769)", max_slice),
        ("intervals", "Table 3, deep_learning/both-three, validation", "0.578 (0.271–0.888)", three),
        ("events", "Table 3, deep_learning/both-three, validation", "0.578", "0.580"),
        ("events", "validation, number of events", "not printed", "8 or 11"),
        ("percentages", t2, "88.87%", nearest),
        ("percentages", "Results, CET1-w images with SSIM >= 0.9", "86.67%", "39 of 45"),
        ("percentages", "Table 2, regimen, CCRT+AC, validation", "3 (15.78%)", "3 (15.79%)"),
        ("rules", "Table 2, training", "N3 31, IVb 29", "N3 = IVb"),
        ("rules", "Table 2, validation", "N3 2, IVb 1", "N3 = IVb"),
    }


def test_paper_the_interval_of_0_511_is_centred_on_the_reversed_auc(paper):
    (finding,) = [finding for finding in paper if finding.printed == "0.511 (0.208–0.769)"]
    assert "its middle is 1 - 0.511" in finding.meaning


def test_paper_clipped_intervals_give_a_note_and_no_finding(paper):
    assert [str(finding) for finding in paper if finding.check == "intervals" and finding.kind == "note"] == [
        "intervals: 3 clipped: 3 not symmetric only because they end at 0 or 1, as a clipped interval does"
    ]


# Studies whose figures fit


@pytest.mark.slow
@settings(max_examples=20)
@given(SEEDS)
def test_no_finding_in_a_study_whose_figures_were_computed(seed):
    assert findings(consistent(seed)) == []


@pytest.mark.slow
@settings(max_examples=20)
@given(SEEDS)
def test_the_true_number_of_events_is_among_those_implied(seed):
    study = consistent(seed)
    events = {name: int(study["cohorts"][name].pop("events")) for name in COHORTS}
    for finding in findings(study):
        assert (finding.check, finding.kind) == ("events", "implied")
        cohort = finding.place.split(",")[0]
        spans = [part.split(" to ") for part in finding.expected.replace(" or ", ", ").split(", ")]
        assert any(int(span[0]) <= events[cohort] <= int(span[-1]) for span in spans)


# One figure changed


def variables(study: dict[str, Any]) -> dict[str, Any]:
    return study["baseline"][0]["variables"]


def spoil_sum(study: dict[str, Any]) -> None:
    study["sums"][0]["total"] = str(int(study["sums"][0]["total"]) + 1)


def spoil_count(study: dict[str, Any]) -> None:
    row = variables(study)["t_stage"]["levels"]["T3"]
    row[0] = str(int(row[0].split()[0]) + 1)


def spoil_percentage(study: dict[str, Any]) -> None:
    row = variables(study)["t_stage"]["levels"]["T3"]
    count = int(row[0].split()[0])
    row[0] = f"{count} ({100 * count / int(study['cohorts']['training']['n']) + 0.3:.2f}%)"


def spoil_stage(study: dict[str, Any]) -> None:
    levels = variables(study)["n_stage"]["levels"]
    levels["N3"], levels["N2"] = (
        [str(int(cell.split()[0]) + step) for cell in levels[name]] for name, step in (("N3", 1), ("N2", -1))
    )


def spoil_mean(study: dict[str, Any]) -> None:
    variables(study)["age"]["mean"][2] = "75.10 (18–75)"


def spoil_mean_of_whole_numbers(study: dict[str, Any]) -> None:
    study["cohorts"]["test"] = {"n": "19"}
    variables(study)["age"]["mean"][2] = "44.18 (27–68)"  # 839 / 19 is 44.16, 840 / 19 is 44.21


def spoil_p_value(study: dict[str, Any]) -> None:
    levels = variables(study)["staging"]["levels"]
    levels |= {"III": ["40", "20", "30"], "IVa": ["20", "30", "25"], "IVb": ["10", "20", "15"]}
    variables(study)["staging"]["p"] = "0.999"


def spoil_interval(study: dict[str, Any]) -> None:
    study["aucs"][0]["models"]["model 0"][0] = "0.700 (0.600–0.810)"


def spoil_estimate(study: dict[str, Any]) -> None:
    study["aucs"][0]["models"]["model 0"][0] = "0.700 (0.710–0.810)"


def spoil_auc(study: dict[str, Any]) -> None:
    study["cohorts"]["validation"] = {"n": "19", "events": "8"}
    study["aucs"][0]["models"]["model 0"][1] = "0.707 (0.507–0.907)"  # 62/88 is 0.705, 62.5/88 is 0.710


def spoil_repeat(study: dict[str, Any]) -> None:
    study["aucs"][1] = copy.deepcopy(study["aucs"][1])  # the two places share their models
    cells = study["aucs"][1]["models"]["model 0"]
    estimate = float(cells[0].split()[0])
    cells[0] = cells[0].replace(f"{estimate:.3f}", f"{estimate - 0.002:.3f}", 1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (spoil_sum, "sums"),
        (spoil_count, "sums"),
        (spoil_percentage, "percentages"),
        (spoil_stage, "rules"),
        (spoil_mean, "means"),
        (spoil_mean_of_whole_numbers, "means"),
        (spoil_p_value, "p_values"),
        (spoil_interval, "intervals"),
        (spoil_estimate, "intervals"),
        (spoil_auc, "events"),
        (spoil_repeat, "repeats"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_changed_figure_is_found(spoil: Callable[[dict[str, Any]], None], check: str, seed: int):
    study = consistent(seed)
    assert findings(study) == []
    spoil(study)
    assert check in {finding.check for finding in findings(study) if finding.kind == "does not fit"}


def test_asymmetric_intervals_are_accepted_where_methods_allow_them():
    study = consistent(0)
    study["methods"]["auc_interval"] = "other"
    spoil_interval(study)
    assert "intervals" not in {finding.check for finding in findings(study)}


@pytest.mark.parametrize(
    ("n", "auc", "kinds"),
    [
        (1, "0.500 (0.400–0.600)", ["does not fit"]),
        (2, "0.700 (0.600–0.800)", ["does not fit"]),
        (3, "0.500 (0.400–0.600)", ["note"]),
        (19, "1.000 (1.000–1.000)", ["note"]),
        (10**5, "0.700 (0.600–0.800)", ["note"]),
    ],
)
def test_events_of_few_and_of_many_patients(tmp_path, n, auc, kinds):
    study = {"study": "x", "cohorts": {"a": {"n": n}}, "aucs": [{"place": "T", "models": {"m": [auc]}}]}
    assert [finding.kind for finding in audit(load(write(study, tmp_path)))] == kinds


# The rules of stages


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_rules_of_stages_are_necessary_and_sufficient(n: int):
    """Every table of n patients by T, N and stage: the rules hold where such patients exist, and only there."""
    allowed = [(t, nodes) for t in range(4) for nodes in range(4) if t >= 2 or nodes >= 2]
    possible = set()
    for patients in itertools.combinations_with_replacement(allowed, n):
        stages = [2 if nodes == 3 else 1 if t == 3 else 0 for t, nodes in patients]
        columns = ([t for t, _ in patients], [nodes for _, nodes in patients], stages)
        possible.add(tuple(tuple(map(column.count, range(k))) for column, k in zip(columns, (4, 4, 3), strict=True)))
    relations = [parse(rule["rule"]) for rule in RULES]
    kept = set()
    for margins in itertools.product(compositions(n, 4), compositions(n, 4), compositions(n, 3)):
        counts = dict(zip(("T1", "T2", "T3", "T4", "N0", "N1", "N2", "N3", "III", "IVa", "IVb"), sum(margins, ()),
                          strict=True))  # fmt: skip
        if all(holds(relation, counts) for relation in relations):
            kept.add(margins)
    assert kept == possible


def compositions(n: int, parts: int) -> list[tuple[int, ...]]:
    return [counts for counts in itertools.product(range(n + 1), repeat=parts) if sum(counts) == n]


def holds(relation: Relation, counts: dict[str, int]) -> bool:
    left, right = (sum(counts[term] for term in side) for side in (relation.left, relation.right))
    return {"=": left == right, "<=": left <= right, ">=": left >= right}[relation.sign]
