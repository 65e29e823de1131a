"""The choices that a script composes once are those that Hydra composes twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from npc.config.loading import CONFIGS
from npc.config.once import composed_once


@pytest.fixture
def own(tmp_path: Path) -> Iterator[str]:
    """A folder with an experiment that has settings of Hydra."""
    (tmp_path / "experiment").mkdir()
    settings = "hydra: {mode: RUN, verbose: true, job: {env_set: {OWN: a}}, run: {dir: somewhere}}"
    (tmp_path / "experiment" / "mine.yaml").write_text(f"# @package _global_\nseed: 7\n{settings}\n")
    several = "hydra: {mode: MULTIRUN, sweeper: {params: {seed: '1,2'}}}"
    (tmp_path / "experiment" / "several.yaml").write_text(f"# @package _global_\n{several}\n")
    yield f"hydra.searchpath=[file://{tmp_path}]"
    GlobalHydra.instance().clear()


def composed(words: list[str]) -> tuple[RunMode | None, Any]:
    """What `hydra.main` does with words: the mode, and the choices of a run, or the error."""
    GlobalHydra.instance().clear()
    hydra = Hydra.create_main_hydra2("train", create_config_search_path(str(CONFIGS)))
    mode = hydra.get_mode("train", words)
    words = [*words, "hydra.mode=RUN"] if mode is None else words
    try:
        choices = hydra.compose_config("train", words, mode or RunMode.RUN)
    except Exception as error:
        return mode, repr(error)
    return mode, OmegaConf.to_container(choices)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [["seed=3"], ["experiment=mine"], ["experiment=several", "seed=1"], ["seed=1,2"], ["cohort=???"]],
    ids=" ".join,
)
def test_the_choices_are_those_that_hydra_composes_twice(own: str, words: list[str], monkeypatch):
    expected = composed([own, *words])
    compose, times = ConfigLoaderImpl._load_configuration_impl, []
    monkeypatch.setattr(
        ConfigLoaderImpl, "_load_configuration_impl", lambda *given, **more: times.append(1) or compose(*given, **more)
    )
    with composed_once():
        assert composed([own, *words]) == expected
    if words in (["seed=3"], ["experiment=mine"]):
        assert len(times) == 1
    if "experiment=several" in words:
        assert expected[0] == RunMode.MULTIRUN
    if "experiment=mine" in words:
        assert expected[1]["hydra"]["job"]["env_set"] == {"OWN": "a"}
