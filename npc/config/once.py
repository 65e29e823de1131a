"""A script composes its choices once.

`hydra.main` composes them to read `hydra.mode`, which a config may set, and composes the same words again for the run:
0.4 s each. Within `composed_once` the run takes the first result.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import wraps

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig


@contextmanager
def composed_once() -> Iterator[None]:
    """Within the block Hydra gives a run the choices that it composed to read `hydra.mode`.

    They are equal to those that it would compose again. Every other call is Hydra's own.
    """
    load = ConfigLoaderImpl.load_configuration
    first: list[tuple[str | None, list[str], DictConfig]] = []

    @wraps(load)
    def loaded(
        self: ConfigLoaderImpl,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        if not validate_sweep_overrides:  # Hydra looks for `hydra.mode`
            with suppress(Exception):  # of a group without a choice, say, which only a multirun may have
                config = load(self, config_name, overrides, RunMode.RUN, from_shell, validate_sweep_overrides)
                first.append((config_name, list(overrides), config))
                return config
        elif first:
            name, words, config = first.pop()
            added = overrides[len(words) :]
            same = name == config_name and overrides == [*words, *added] and added in ([], ["hydra.mode=RUN"])
            if same and run_mode == RunMode.RUN:
                parsed = OverridesParser.create().parse_overrides(words)
                self.validate_sweep_overrides_legal(parsed, run_mode, from_shell)
                if added:
                    config.hydra.mode = run_mode
                    config.hydra.overrides.hydra += added
                return config
        return load(self, config_name, overrides, run_mode, from_shell, validate_sweep_overrides)

    ConfigLoaderImpl.load_configuration = loaded  # type: ignore[method-assign]
    try:
        yield
    finally:
        ConfigLoaderImpl.load_configuration = load  # type: ignore[method-assign]
