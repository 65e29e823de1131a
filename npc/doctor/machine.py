"""Processors, memory, disk and GPU."""

import os
import re
import shutil
from pathlib import Path

from npc.doctor.check import Check

GIB = 2**30
# ResNet-50 at 512 pixels and batch 16 takes 9 GiB to train; the default, 64 pixels, 2 GiB
LITTLE_MEMORY, ENOUGH_MEMORY = 4, 12
LITTLE_DISK, ENOUGH_DISK = 1, 20  # GiB: one run; the 125 runs of a grid with their models


def processors() -> Check:
    """How many cores this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Check("processors", "ok", f"{usable} cores")


def memory(limit: float | None = None) -> Check:
    """What this process may use, in GiB; the argument is there for tests."""
    found = min(_installed(), _container()) / GIB if limit is None else limit
    if found < LITTLE_MEMORY:
        return Check("memory", "fault", f"{found:.1f} GiB", "4 GiB are the least for training; give the machine more")
    if found < ENOUGH_MEMORY:
        remedy = "enough for 64 pixels; for preprocess.size=512 choose a smaller batch_size, or a machine with 12 GiB"
        return Check("memory", "note", f"{found:.1f} GiB", remedy)
    return Check("memory", "ok", f"{found:.1f} GiB")


def _installed() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _container() -> float:
    """The limit of a container (cgroup, version 2), in bytes; infinite where there is none."""
    file = Path("/sys/fs/cgroup/memory.max")
    stated = file.read_text().strip() if file.exists() else "max"
    return float(stated) if re.fullmatch(r"\d+", stated) else float("inf")


def disk(folder: Path = Path()) -> Check:
    """Free space where runs, slices and reports are written."""
    free = shutil.disk_usage(folder).free / GIB
    found = f"{free:.0f} GiB free in {folder.resolve()}"
    if free < LITTLE_DISK:
        return Check("disk", "fault", found, "free some space, or write elsewhere: runs=DIR store=DIR reports=DIR")
    if free < ENOUGH_DISK:
        return Check("disk", "note", found, "enough for a few runs; the 125 runs of a grid need about 20 GiB")
    return Check("disk", "ok", found)


def gpu() -> Check:
    """The GPUs that torch can use."""
    try:
        import torch  # takes seconds
    except (ImportError, OSError) as error:
        return Check("GPU", "fault", f"torch can't be imported: {error}", "run make setup again")

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(at) for at in range(torch.cuda.device_count())]
        return Check("GPU", "ok", f"torch {torch.__version__}; {', '.join(names)}")
    build = torch.version.cuda
    cause = f"torch {torch.__version__} " + (f"is built for CUDA {build} but sees no GPU" if build else "has no CUDA")
    remedy = "none is needed for 64 pixels; " + (
        "where there is one, nvidia-smi must list it" if build else "where there is one, install a build with CUDA"
    )
    return Check("GPU", "note", cause, remedy)
