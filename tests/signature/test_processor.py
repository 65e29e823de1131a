"""The memory setting is one of glibc; elsewhere nothing happens."""

import ctypes
from types import SimpleNamespace

import pytest

from npc.signature.processor import keep_freed_memory


def missing(error: Exception | None):
    """What loading the C library gives on another system."""

    def load(_: None) -> SimpleNamespace:
        if error:
            raise error
        return SimpleNamespace()

    return load


@pytest.mark.parametrize("error", [None, OSError("no library"), TypeError("Windows wants a name")])
def test_a_system_without_the_setting_is_left_as_it_is(monkeypatch, error):
    monkeypatch.setattr(ctypes, "CDLL", missing(error))
    keep_freed_memory()
