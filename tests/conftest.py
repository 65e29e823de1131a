"""What all tests share."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Before torch is imported: two test processes share the cores, and workers of their own only take time to start.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")
# A loaded machine is no failure. The same draws every time, so that more of them would find little more:
# `make test-random` draws others, and a hundred.
settings.register_profile("npc", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("random", deadline=None, print_blob=True)
settings.load_profile("npc")


@pytest.fixture(scope="session")
def npc_data() -> Path:
    """The folder of published data, which is no part of the project."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("NPC_DATA", default))
    if not folder.is_dir():
        pytest.skip("real data not here: set NPC_DATA")
    return folder


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes share; what is put there must bear that."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def drawn(home: Path) -> Callable[..., Path]:
    """A phantom with these options as a cohort folder; it is drawn once and not to be changed."""
    from npc.phantom import source

    return lambda **options: source.read(home / "phantoms", [], **options)[1]


@pytest.fixture(scope="module")
def coarse() -> Iterator[None]:
    """Figures with fewer dots, which take half of the time; tests/report/kit/test_figure.py has those of a journal."""
    from npc.report.kit import figure

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(figure._STYLE, "figure.dpi", 60)
        yield


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a disk of a few kilobytes."""
    mounted = []

    def mount(kilobytes: int) -> Path:
        folder = tmp_path / f"disk{kilobytes}"
        folder.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)], capture_output=True, text=True
        )
        if made.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
        mounted.append(folder)
        return folder

    try:
        yield mount
    finally:
        for folder in mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
