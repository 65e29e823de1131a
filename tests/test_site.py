"""The documentation site: it is built without a warning, and holds every setting."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from npc.config.schema import OptimizerConfig, TrainConfig
from tests.commands import ROOT


@pytest.mark.slow
def test_the_site_is_built_strictly_and_lists_all_settings(tmp_path: Path):
    words = [Path(sys.executable).with_name("mkdocs"), "build", "--strict", "--site-dir", tmp_path]
    done = subprocess.run(words, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "settings" / "index.html").read_text()
    assert all(f"<code>optimizer.{item.name}</code>" in page for item in fields(OptimizerConfig))
    assert "<code>batch_size</code></td>\n<td><code>int</code></td>\n<td>1 or more</td>" in page
    assert len([item for item in fields(TrainConfig) if item.name in page]) == len(fields(TrainConfig))
    assert "Harrell" in (tmp_path / "api" / "index.html").read_text()
    assert "http" not in "".join((tmp_path / "index.html").read_text().split("href=")[0])  # no font or script from afar
