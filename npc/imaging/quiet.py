"""Suppresses the output of the C++ readers, which write to the process's standard error directly."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_depth = 0
_saved = -1


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send file descriptor 2 to the null device while the block runs.

    ITK, GDCM and MetaIO print warnings there, some with values of the header; the important ones are
    raised as errors too. Blocks may overlap in several threads: the last one to end restores the descriptor.
    """
    global _depth, _saved
    with _lock:
        if _depth == 0:
            _saved = os.dup(2)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 2)
            os.close(null)
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                os.dup2(_saved, 2)
                os.close(_saved)
