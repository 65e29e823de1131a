"""Memory and computing time of a process and its descendants."""

import os
from pathlib import Path


def memory_of_tree(root: int, kind: str = "Pss") -> float:
    """Gibibytes of a process and its descendants (proportional set size).

    Args:
        root: the process.
        kind: all of it, or of `/proc/<pid>/smaps_rollup` its own (`Pss_Anon`) or that of mapped files (`Pss_File`).
    """
    total = 0
    for process in _tree(root):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))
        except (OSError, StopIteration):
            continue
    return total / 2**20


def computing_time_of_tree(root: int) -> float:
    """Seconds of core time used by a process and its descendants, including those that have ended."""
    total = 0
    for process in _tree(root):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))  # own and ended children's, user and system
    return total / os.sysconf("SC_CLK_TCK")


def _tree(root: int) -> set[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    tree = {root}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return tree
