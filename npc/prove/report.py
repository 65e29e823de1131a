"""What was proved, by which run and which versions: `proofs.json` and `index.html`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from npc.files import write_text
from npc.prove.proof import Proof
from npc.prove.runs import PHANTOM
from npc.report.kit.page import Section, write_page

_TITLES = {
    "fit": "What is fitted",
    "choice": "What is chosen",
    "noise": "Pure noise",
}


def as_json(proofs: Sequence[Proof], environment: Mapping[str, Any]) -> dict[str, Any]:
    """Ready for JSON.

    Args:
        proofs: in order.
        environment: versions and commit (`npc.run.folder.environment`).
    """
    return {
        "holds": all(proof.holds for proof in proofs),
        "proofs": {
            proof.name: {
                "claim": proof.claim,
                "method": proof.method,
                "holds": proof.holds,
                "rows": [dict(row) for row in proof.rows],
            }
            for proof in proofs
        },
        "phantom": dict(PHANTOM),
        "environment": dict(environment),
    }


def write(folder: Path, proofs: Sequence[Proof], environment: Mapping[str, Any]) -> None:
    """Writes both files into the folder."""
    written = as_json(proofs, environment)
    write_text(folder / "proofs.json", json.dumps(written, indent=1, ensure_ascii=False) + "\n")
    verdicts = pd.DataFrame({"Claim": proof.claim, "Holds": "yes" if proof.holds else "no"} for proof in proofs)
    sections = [Section("Claims", (), {"What was proved": verdicts})]
    sections += [
        Section(_TITLES[proof.name], [proof.claim, proof.method], {"Evidence": pd.DataFrame(proof.rows)})
        for proof in proofs
    ]
    made = {**environment, **environment["packages"], "phantom": ", ".join(f"{k}={v}" for k, v in PHANTOM.items())}
    made.pop("packages")
    versions = pd.DataFrame({"What": name, "Value": str(value)} for name, value in made.items())
    sections.append(Section("Made by", (), {"Versions": versions}))
    write_page(folder / "index.html", "npc: proofs", sections)
