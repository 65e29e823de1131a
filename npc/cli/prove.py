"""`npc prove`: tiny real runs that show what held-out patients can't change, and what pure noise gives."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from npc.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from npc.prove.proof import Proof


def prove(
    out: Annotated[Path, typer.Option(help="folder of index.html and proofs.json")] = Path("proofs"),
    as_json: Annotated[bool, typer.Option("--json", help="print machine-readable proofs")] = False,
) -> None:
    """Train tiny runs on a phantom, and prove on them what the evaluation rests on.

    Held-out patients change no fitted artefact, test patients change no choice, pure noise is significant as rarely as
    it should be. It takes some minutes; the exit code is 0 where all of it holds, else 1. docs/proofs.md

    Example: npc prove
    """
    from npc.prove.report import as_json as plain
    from npc.prove.report import write
    from npc.run.folder import environment

    proofs = []
    with TemporaryDirectory(prefix="npc-prove-") as home:
        for proof in _proofs(Path(home)):
            proofs.append(proof)
            if not as_json:
                say(f"{'holds' if proof.holds else 'DOES NOT HOLD'}: {proof.claim}")
    made = environment()
    write(out, proofs, made)
    if as_json:
        print(json.dumps(plain(proofs, made), ensure_ascii=False))
    else:
        say(f"written to {out / 'index.html'}")
    raise typer.Exit(0 if all(proof.holds for proof in proofs) else 1)


def _proofs(home: Path) -> "Iterator[Proof]":
    from npc.prove.choice import choice_proof
    from npc.prove.fit import fit_proof
    from npc.prove.noise import noise_proof
    from npc.prove.runs import TinyRuns

    tiny = TinyRuns(home)
    for prove_one in (fit_proof, choice_proof, noise_proof):
        yield prove_one(tiny)
