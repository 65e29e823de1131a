"""The documentation site: it is built without a warning, and holds every setting."""

import os
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from npc.config.keys import declared_keys, type_of
from npc.config.method_schema import OptimizerConfig
from tests.commands import ROOT


@pytest.mark.slow
def test_the_site_is_built_strictly_and_lists_all_settings(tmp_path: Path):
    words = [Path(sys.executable).with_name("mkdocs"), "build", "--strict", "--site-dir", tmp_path]
    done = subprocess.run(words, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "settings" / "index.html").read_text()
    assert all(f"<code>optimizer.{item.name}</code>" in page for item in fields(OptimizerConfig))
    assert (
        "<code>batch_size</code></td>\n<td><code>int</code></td>\n<td><code>16</code></td>\n<td>1 or more</td>" in page
    )
    rows = [[cell.strip() for cell in re.findall(r"<td>(.*?)</td>", row, re.DOTALL)] for row in page.split("<tr>")[1:]]
    keys = {re.sub(r"</?code>|\*", "", row[0]): row for row in rows if len(row) == 5}
    assert set(declared_keys()) - set(keys) <= {key for key in declared_keys() if is_dataclass(type_of(key))}
    assert [key for key, row in keys.items() if not row[4]] == []  # what, unit and reason
    assert keys["optimizer.lr"][2] == "<code>0.0001</code>"
    assert "hazard ratio" in keys["cohort.treatment"][4]
    # a reason is that of the default, not that of another file of the group
    assert keys["cohort.label"][4].startswith("value of the tumour in a mask")
    assert keys["cohort.size"][4] == "size of the network's input in pixels, as in the paper"
    assert keys["optimizer.schedule"][4] == "of the learning rate"
    assert keys["cohort.files"][4].startswith("pattern of the image's name")  # of cohort=bids alone
    assert keys["report.horizon"][4].endswith("few patients are followed much longer")
    assert "Harrell" in (tmp_path / "api" / "index.html").read_text()
    assert "http" not in "".join((tmp_path / "index.html").read_text().split("href=")[0])  # no font or script from afar
