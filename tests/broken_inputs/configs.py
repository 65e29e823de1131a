"""Broken configs of a cohort: files beside our own, and choices on the command line."""

from pathlib import Path

from tests.broken_inputs.corpus import kind
from tests.broken_inputs.tables import read, write


def ours(folder: Path, *lines: str) -> list[str]:
    """A config file of one's own that takes over ours and changes it."""
    file = folder.parent / "conf" / "cohort" / "ours.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(["defaults: [table, _self_]", *lines, ""]))
    return [f"hydra.searchpath=[file://{file.parents[1]}]", "cohort=ours"]


def clinical(folder: Path, variable: str) -> list[str]:
    """A declared variable that is wrong."""
    return ours(folder, "clinical:", f"  {variable}")


@kind("ours.yaml, line 3", "'\\t'", "indent with spaces")
def indented_by_a_tab(folder: Path) -> list[str]:
    return ours(folder, "clinical:", "\tage: {kind: continuous}")


@kind("ours.yaml, line 3", "']'", "close brackets")
def unclosed_bracket(folder: Path) -> list[str]:
    return ours(folder, "sequences: [cet1, t2", "label: 1")


@kind("ours.yaml, line 4", "duplicate key age", "each key once")
def key_twice(folder: Path) -> list[str]:
    return ours(folder, "clinical:", "  age: {kind: continuous}", "  age: {kind: continuous}")


@kind("ours.yaml, line 2", "python/object", "no tags")
def tag_that_would_run_code(folder: Path) -> list[str]:
    return ours(folder, "name: !!python/object/apply:os.system ['touch pwned']")


@kind("cohort/ours", "(key: value)", "['age', 'sex']")
def a_list_for_keys(folder: Path) -> list[str]:
    choices = ours(folder)
    (folder.parent / "conf" / "cohort" / "ours.yaml").write_text("- age\n- sex\n")
    return choices


@kind(r"'name: S\xfcd'", "save it as UTF-8")
def no_utf_8(folder: Path) -> list[str]:
    choices = ours(folder)
    (folder.parent / "conf" / "cohort" / "ours.yaml").write_bytes("name: Süd\n".encode("latin-1"))
    return choices


@kind("sequnces", "not in 'Cohort'")
def misspelt_key(folder: Path) -> list[str]:
    return ours(folder, "sequnces: [cet1, t2]")


@kind("kin", "not in 'Variable'")
def misspelt_key_of_a_variable(folder: Path) -> list[str]:
    return clinical(folder, "age: {kin: continuous}")


@kind("region=node", "tumour", "ring of millimetres such as ring5")
def unknown_region(folder: Path) -> list[str]:
    return ["region=node"]


@kind("cohort.label=[1, 0]", "not 0, or a list")
def background_among_the_labels(folder: Path) -> list[str]:
    return ["cohort.label=[1,0]"]


@kind("cohort.date_order=day", "one of year_first, day_first, month_first")
def unknown_date_order(folder: Path) -> list[str]:
    return ["cohort.date_order=day"]


@kind("cohort.label=first", "a value of the outline, not 0, or a list of such values")
def text_for_a_whole_number(folder: Path) -> list[str]:
    return ours(folder, "label: first")


@kind("cohort.sequences", "write [a, b]")
def text_for_a_list(folder: Path) -> list[str]:
    return ours(folder, "sequences: cet1")


@kind("cohort.sequences", "cet1", "twice")
def sequence_twice(folder: Path) -> list[str]:
    return ours(folder, "sequences: [cet1, cet1]")


@kind("cohort.sequences", "names no sequence", "such as")
def no_sequence(folder: Path) -> list[str]:
    return ours(folder, "sequences: []")


@kind("cohort/ours", "(key: value)", "continuous")
def text_for_a_variable(folder: Path) -> list[str]:
    return clinical(folder, "age: continuous")


@kind("cohort.clinical.age.kind", "'number'", "continuous")
def unknown_kind_of_variable(folder: Path) -> list[str]:
    return clinical(folder, "age: {kind: number}")


@kind("cohort.clinical.t_stage.levels", "twice", "name each once")
def level_twice(folder: Path) -> list[str]:
    return clinical(folder, "t_stage: {kind: ordinal, levels: [T1, T2, T2, T3]}")


@kind("cohort.clinical.sex.levels", "3 levels", "two")
def three_levels_of_two(folder: Path) -> list[str]:
    return clinical(folder, "sex: {kind: binary, levels: [women, men, other]}")


@kind("cohort.clinical.grade.levels", "missing", "low to high")
def ordinal_without_levels(folder: Path) -> list[str]:
    return clinical(folder, "grade: {kind: ordinal}")


@kind("line 3, patient P2", "smoker is 'yes'", "YAML reads a bare yes or no as true or false")
def bare_yes_and_no(folder: Path) -> list[str]:
    write(folder, [row | {"smoker": "yes" if row["patient_id"] == "P2" else ""} for row in read(folder)])
    return clinical(folder, "smoker: {kind: binary, levels: [no, yes]}")


@kind("cohort.clinical.age.levels", "continuous variable has no levels")
def levels_of_a_number(folder: Path) -> list[str]:
    return clinical(folder, "age: {kind: continuous, levels: [young, old]}")


@kind("cohort.clinical.ebv_dna.cut", "'4000 up'", "'>= 4000'")
def cut_that_is_none(folder: Path) -> list[str]:
    return clinical(folder, "ebv_dna: {kind: continuous, cut: 4000 up}")


@kind("cohort.clinical.sex.cut", "only a continuous variable")
def cut_of_a_binary_variable(folder: Path) -> list[str]:
    return clinical(folder, 'sex: {kind: binary, levels: [women, men], cut: "> 1"}')


@kind("cohort.clinical.dm_event", "its own meaning", "another name")
def variable_named_like_the_outcome(folder: Path) -> list[str]:
    return clinical(folder, "dm_event: {kind: binary}")


@kind("cohort._target_", "no source npc.cohort.tabel.read")
def no_such_source(folder: Path) -> list[str]:
    return ours(folder, "_target_: npc.cohort.tabel.read")


@kind("cohort._target_", "builtins.print is no source")
def target_that_is_no_source(folder: Path) -> list[str]:
    return ours(folder, "_target_: builtins.print")


@kind("cohort.missing=ignore", "one of error, exclude")
def unknown_way_with_missing_sequences(folder: Path) -> list[str]:
    return ours(folder, "missing: ignore")


@kind("cohort.root", "no folder nowhere", "set cohort.root")
def no_such_folder(folder: Path) -> list[str]:
    return ["cohort.root=nowhere"]


@kind("cohort.root", "patients.csv is a file", "folder")
def file_for_a_folder(folder: Path) -> list[str]:
    return [f"cohort.root={folder / 'patients.csv'}"]


@kind("cohort/tabel", "Could not find", "table")
def no_such_config(folder: Path) -> list[str]:
    return ["cohort=tabel"]


@kind("cohort.rot", "rot", "not in 'Cohort'")
def misspelt_choice(folder: Path) -> list[str]:
    return ["cohort.rot=x"]


@kind("cohort.roi", "t3", "cet1, t2")
def roi_of_no_sequence(folder: Path) -> list[str]:
    return ["+cohort.roi.t3=GTV"]


@kind("nosuchkey", "not found")
def reference_to_nothing(folder: Path) -> list[str]:
    return ours(folder, "name: ${nosuchkey}")
