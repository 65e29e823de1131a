"""Seconds and peak memory (proportional set size of all processes) of drawing phantoms of growing size at 64 pixels.

`python benchmarks/phantom.py DIR 500 2000 10000`: each is removed before the next is drawn.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from memory import memory_of_tree

DRAW = """
import sys
from pathlib import Path
from npc.phantom.source import write
write(Path(sys.argv[1]), n=int(sys.argv[2]))
"""

folder = Path(sys.argv[1])
for n in sys.argv[2:]:
    start, peak = time.perf_counter(), 0.0
    process = subprocess.Popen([sys.executable, "-c", DRAW, str(folder / "phantom"), n], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, memory_of_tree(process.pid))
        time.sleep(0.2)
    seconds = time.perf_counter() - start
    files = list((folder / "phantom").rglob("*.*"))
    size = sum(file.stat().st_size for file in files) / 2**20
    print(f"{n} patients: {seconds:.0f} s, peak {peak:.2f} GiB, {len(files)} files, {size:.0f} MiB", flush=True)
    shutil.rmtree(folder / "phantom")
