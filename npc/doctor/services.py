"""Weights & Biases, Slurm, and the public data of the tests."""

import netrc
import os
import shutil
import subprocess
from pathlib import Path

from npc.doctor.check import Check


def tracker() -> Check:
    """Whether W&B could be used online; npc itself asks for it only with `logger.mode=online`."""
    if os.environ.get("WANDB_API_KEY") or _in_netrc("api.wandb.ai"):
        return Check("W&B", "ok", "a key is there; runs stay offline unless logger.mode=online")
    return Check("W&B", "note", "no key: logger=wandb works offline", "to send runs, run wandb login")


def _in_netrc(host: str) -> bool:
    try:
        return host in netrc.netrc().hosts
    except (OSError, netrc.NetrcParseError):
        return False


def slurm() -> Check:
    """Whether jobs can be sent to a Slurm cluster."""
    if shutil.which("sbatch") is None:
        return Check("Slurm", "note", "sbatch is not on the PATH", "needed for npc sweep run --backend slurm alone")
    try:
        answer = subprocess.run(["sinfo", "--noheader"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("Slurm", "note", f"sinfo does not answer: {error}", "ask the administrator of the cluster")
    if answer.returncode:
        return Check(
            "Slurm",
            "note",
            (answer.stderr.strip().splitlines() or ["sinfo fails"])[-1],
            "ask the administrator of the cluster",
        )
    partitions = {line.split()[0].rstrip("*") for line in answer.stdout.splitlines() if line.split()}
    return Check("Slurm", "ok", f"partitions: {', '.join(sorted(partitions))}")


def public_data() -> Check:
    """The folder of public data, which only tests need."""
    named = os.environ.get("NPC_DATA")
    folder = Path(named) if named else Path("../shared/data")
    if folder.is_dir():
        return Check("data", "ok", f"public data in {folder}")
    found = f"NPC_DATA={named} is no folder" if named else "there is no public data on this machine"
    return Check("data", "note", found, "only tests need it: set NPC_DATA to its folder")
