"""The phantom's options are declared once; config, command line and documentation follow."""

import json
import pickle
from dataclasses import asdict, fields
from pathlib import Path

from npc.config.loading import compose
from npc.phantom.options import Options

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_config_holds_the_defaults():
    choices = compose([]).cohort
    assert asdict(Options()) == {item.name: choices[item.name] for item in fields(Options)}


def test_the_config_of_a_phantom_can_be_sent_to_another_process():
    choices = compose(["cohort.n=5"])
    assert pickle.loads(pickle.dumps(choices)) == choices


def test_the_documentation_lists_every_option():
    rows = [
        f"| `cohort.{item.name}` | {json.dumps(item.default)} | {item.metadata['help']} |" for item in fields(Options)
    ]
    table = "\n".join(["| key | default | meaning |", "| --- | --- | --- |", *rows, ""])
    assert table in (DOCS / "cohort.md").read_text(), f"docs/cohort.md must hold:\n{table}"
