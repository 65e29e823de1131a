"""The data path of an epoch against what people write: MONAI's dictionary transforms over NIfTI files.

`python benchmarks/pipelines.py [--sizes 64 224 512] [--patients 32] [--rounds 5]`. Both give the same patients as
batches of 16, without augmentation, with npc's `light`, and with the same drawn for a batch at once
(`augment.batched=true`), in turns; medians of the rounds. The peer reads and prepares the images with 0, 2 and 4
workers, or keeps what it has read in memory (`CacheDataset` with `ThreadDataLoader`). Both keep freed memory, as npc's
trainings do. MONAI needs nibabel to read NIfTI: it is installed with `dev`.
"""

import argparse
import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as npc's training; spinning threads would slow both sides
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from monai.data import CacheDataset, DataLoader, Dataset, ThreadDataLoader
from monai.transforms import (
    Compose,
    EnsureChannelFirstd,
    LoadImaged,
    RandAdjustContrastd,
    RandAffined,
    RandFlipd,
    ScaleIntensityd,
    ToTensord,
)
from torch.utils.data import DataLoader as TorchLoader

from npc.config.loading import compose
from npc.config.method_schema import AugmentConfig
from npc.imaging.store import Slices
from npc.signature.data import EpochSampler, SliceDataset, as_it_is
from npc.signature.processor import keep_freed_memory

BATCH = 16
AUGMENTED = {"none": ["augment=none"], "light": ["augment=light"], "light, batched": ["augment.batched=true"]}


def write(folder: Path, n: int, size: int) -> tuple[list[dict[str, str]], np.ndarray]:
    """One slice of each patient as NIfTI, and the same as a store; a disc of noise of a sixth of the side."""
    rng = np.random.default_rng(size)
    row, column = np.mgrid[:size, :size] - size / 2
    inside = np.hypot(row, column) < size / 6
    array = np.where(inside, rng.integers(1, 256, (n, size, size)), 0).astype(np.uint8)
    array[:, size // 2, size // 2] = 255  # scaling to the largest value changes nothing
    for number, plane in enumerate(array):
        sitk.WriteImage(sitk.GetImageFromArray(plane.T.astype(np.float32)), folder / f"{number}.nii.gz")
    return [{"image": str(folder / f"{number}.nii.gz")} for number in range(n)], array


def transforms(size: int, augmented: bool) -> Compose:
    """The peer's, from a NIfTI file to a tensor."""
    read = [LoadImaged("image"), EnsureChannelFirstd("image"), ScaleIntensityd("image")]
    vary = [
        RandFlipd("image", prob=0.5, spatial_axis=1),
        RandAffined("image", prob=1, rotate_range=0.17, translate_range=(0.05 * size,) * 2, padding_mode="zeros"),
        RandAdjustContrastd("image", prob=1, gamma=(0.9, 1.1)),
    ]
    return Compose([*read, *(vary if augmented else []), ToTensord("image", track_meta=False)])


def peer(files: list[dict[str, str]], size: int, augmented: bool) -> dict[str, Iterable]:
    """The loaders of the peer by name."""
    steps = transforms(size, augmented)
    by_workers = {
        f"reading, {workers} workers": DataLoader(Dataset(files, steps), workers, batch_size=BATCH)
        for workers in (0, 2, 4)
    }
    kept = CacheDataset(files, steps, progress=False)
    return {**by_workers, "CacheDataset": ThreadDataLoader(kept, num_workers=0, batch_size=BATCH)}


def ours(array: np.ndarray, words: list[str]) -> TorchLoader:
    """npc's batches of a training epoch."""
    names = [str(number) for number in range(len(array))]
    patients = pd.DataFrame({"label": 0.0, "time": 1.0, "event": 0.0}, index=names)
    store = Slices(array[:, None].repeat(3, axis=1), {name: row for row, name in enumerate(names)}, "")
    data = SliceDataset([store], patients, 1, AugmentConfig(**compose(words).augment), 0)
    return TorchLoader(data, BATCH, sampler=EpochSampler(len(names), 0), collate_fn=as_it_is)


def seconds(loader: Iterable) -> float:
    """Of one epoch."""
    begun = time.perf_counter()
    for _ in loader:
        pass
    return time.perf_counter() - begun


def check_same(files: list[dict[str, str]], array: np.ndarray, size: int) -> None:
    """Both give the same pixels without augmentation."""
    theirs = next(iter(peer(files, size, False)["reading, 0 workers"]))["image"].numpy()
    np.testing.assert_allclose(theirs, array[:BATCH, None] / np.float32(255), atol=1e-6)


def main() -> None:
    """Prints a row for each size, augmentation and peer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 224, 512])
    parser.add_argument("--patients", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    choices = parser.parse_args()
    keep_freed_memory()
    print("| pixels | augmentation | peer | peer, ms a patient | npc, ms a patient | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for size in choices.sizes:
        with tempfile.TemporaryDirectory() as folder:
            files, array = write(Path(folder), choices.patients, size)
            check_same(files, array, size)
            for augmentation, words in AUGMENTED.items():
                mine = ours(array, words)
                for name, loader in peer(files, size, augmentation != "none").items():
                    pairs = [(seconds(loader), seconds(mine)) for _ in range(choices.rounds)]
                    per = [1000 * statistics.median(of) / choices.patients for of in zip(*pairs, strict=True)]
                    ratio = statistics.median(theirs / own for theirs, own in pairs)
                    print(
                        f"| {size} | {augmentation} | {name} | {per[0]:.2f} | {per[1]:.2f} | {ratio:.1f} |", flush=True
                    )


if __name__ == "__main__":
    main()
