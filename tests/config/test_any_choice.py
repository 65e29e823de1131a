"""Whatever a user types for any key: it is taken, or refused with a message, never with another exception."""

from functools import cache

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

from npc.config.checks import check, check_evaluate
from npc.config.key import run_key
from npc.config.loading import CONFIGS
from npc.config.messages import composing
from npc.config.words import readable
from npc.errors import InputError
from tests.commands import run_here

STARTS = {
    ("train", "phantom"): check,
    ("train", "table"): check,
    ("evaluate", "phantom"): check_evaluate,
    ("evaluate", "sts"): check_evaluate,
}


@cache
def start(script: str, cohort: str) -> DictConfig:
    """All choices of a script; composing takes a third of a second, so that it is done once."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return hydra_compose(script, [f"cohort={cohort}", "cohort.root=x", *(["sequence=cet1"] * (script == "train"))])


def keys(node: DictConfig, prefix: str = "") -> list[str]:
    found = []
    for key in node:
        found.append(f"{prefix}{key}")
        if isinstance(inner := OmegaConf.select(node, str(key)), DictConfig):
            found += keys(inner, f"{prefix}{key}.")
    return found


@cache
def all_keys() -> list[str]:
    """Of `--cfg job`, for each of the scripts and cohorts."""
    return list(dict.fromkeys(key for script, cohort in STARTS for key in keys(start(script, cohort))))


NASTY = [
    "null", "", "true", "-1", "0", "0.5", "1e3", "1_000", "nan", "-inf", "1" * 400, "007", "???", "[]", "{}",
    "[null]", "[1,2]", "[[1],[2]]", "{a: 1}", "{1: a}", "{a: {b: c}}", "{kind: continuous}", "{a: {kind: [1]}}",
    "a,b", "range(1,3)", "choice(a)", "glob(*)", "int(x)", "${seed}", "${nothing}", "${cohort}",
    "${oc.env:HOME}", "${", "a b", "a=b", "a&b", "Hospital (A)", "Köln", "肿瘤医院", "[肿瘤, Köln (x)]",
    "{P1: zurückgezogen}", "it's", "\"", "'", "'a' b", "\\", "a\\", "[", "]", "{", "[a, b", "{a: b", "#", "%",
    "~", "*", "/dev/null", "/", "..", "x" * 300, "\t", "\n", "[&a b, *a]", "[!!x y]", "😀", "[" * 300, "'[a]'",
    "2014-02-03", "$(ls)", "a;b", "@x", "a@b", "<1>", "\udcff", "\x00", "0x10", ".5", "1.", "NULL", "None",
]  # fmt: skip
VALUES = st.sampled_from(NASTY) | st.text(max_size=12) | st.lists(st.sampled_from(NASTY), max_size=3).map(
    lambda parts: f"[{','.join(parts)}]"
)  # fmt: skip
BELOW = st.sampled_from(["", "", "", ".x", ".0", ".年", ".a.b"])


@st.composite
def words(draw: st.DrawFn) -> str:
    key = draw(st.sampled_from(all_keys())) + draw(BELOW)
    return f"{draw(st.sampled_from(['', '', '+', '++', '~']))}{key}={draw(VALUES)}"


def refused(script: str, cohort: str, typed: list[str]) -> str:
    """The message; empty where the choices are taken. Hydra's own merging, on choices composed before."""
    choices = start(script, cohort).copy()
    try:
        with composing(typed):
            merge = ConfigLoaderImpl._apply_overrides_to_config
            merge(OverridesParser.create().parse_overrides(readable(typed)), choices)
        STARTS[script, cohort](choices)
        if script == "train":
            run_key(choices)
            OmegaConf.to_yaml(choices, resolve=True).encode()
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.slow
@settings(max_examples=40)
@given(st.sampled_from(list(STARTS)), st.lists(words(), min_size=1, max_size=2))
def test_any_value_of_any_key_is_taken_or_refused_with_a_message(which, typed):
    assert "Traceback" not in refused(*which, typed)


@pytest.mark.slow
@pytest.mark.parametrize("which", STARTS, ids=" ".join)
def test_every_key_takes_or_refuses_some_of_the_values(which):
    """Three of each key, and each value for several keys."""
    for number, key in enumerate(keys(start(*which))):
        for value in NASTY[number % 30 :: 30]:
            assert "Traceback" not in refused(*which, [f"{key}={value}"]), (key, value)


SWEEP = "sweeps/smoke.yaml"
COMMANDS = [
    ("train.py",), ("evaluate.py",), *(("npc", "cohort", name) for name in ("check", "flow", "quality", "agreement")),
    *(("npc", "sweep", name, SWEEP) for name in ("list", "run", "status", "report")),
]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=60)
@given(st.sampled_from(COMMANDS), words())
def test_no_command_ends_in_a_traceback(home, command, typed):
    """The cohort is not there, so that no command goes on to its work."""
    places = ["cohort=table", f"cohort.root={home}/no_such_folder", f"runs={home}/no_such_runs"]
    ended = run_here(*command, *places, typed)  # any exception but SystemExit fails the test
    not_complete = command[:3] == ("npc", "sweep", "status")
    assert ended.returncode in ((0, 1, 2) if not_complete else (0, 2)), typed
    assert "Traceback" not in ended.stderr
    if ended.returncode == 2:
        # `npc cohort check` prints what is wrong with the cohort, here its folder, as its result
        result = command == ("npc", "cohort", "check") and "Fault: " in ended.stdout
        assert result or ended.stderr.startswith(("npc: ", "Usage: ")), typed
    if ended.returncode == 1:
        assert "not complete: " in ended.stdout, typed


@pytest.mark.parametrize("typed", ["cohort.name=", "seed=", "slices=", "+sede=", "~seed=", "batch_size=[", "cohort="])
def test_a_refusal_names_what_was_typed(typed):
    assert typed.strip("+~=[") in refused("train", "table", [typed])
