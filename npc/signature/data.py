"""From the slice store to batches."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from npc.config.method_schema import AugmentConfig
from npc.imaging.store import Slices
from npc.signature.augment import Augmentation
from npc.signature.batched import Box, augmented_slices, inside
from npc.signature.draws import Draws, batch_draws, monai_draws
from npc.signature.endpoints import Outcome
from npc.signature.sizes import Sized

# Share of a patient's sequences that an epoch leaves out under `cohort.missing=mask`. Of two sequences half of the
# patients keep both, so that the network learns from each combination in every epoch.
DROPPED = 0.3


class SliceDataset(Dataset):
    """Patients' slices as tensors.

    A batch is `(x, outcome)`: x float32 (patient, sequence, channel, row, column) with values from 0 to 1; where the
    slices come with the sizes of the outlines, they are beside it (`Sized`). An index is the patient's number, or
    (number, epoch) for an augmented item: the augmentation depends on the seed, the epoch and the patient alone, not on
    workers, order or other items (but for the rounding of `augment.batched`).

    Args:
        slices: of each sequence, in the order in which they are joined.
        patients: indexed by patient_id, with `label`, `time` and `event`; the position in this table is the number.
        channels: 1 for the largest slice, 3 for it and its neighbours, or all that there are.
        augment: settings of the augmentation.
        seed: of the augmentation.
        masked: whether a patient may lack sequences, whose slices are then 0. An augmented item lacks others of them at
            random, so that the network learns to predict from those that are left.
    """

    def __init__(
        self,
        slices: Sequence[Slices],
        patients: pd.DataFrame,
        channels: int,
        augment: AugmentConfig,
        seed: int,
        masked: bool = False,
    ) -> None:
        self.slices, self.patients, self.seed, self.masked = slices, list(patients.index), seed, masked
        self.outcomes = torch.tensor(patients[list(Outcome._fields)].astype(float).to_numpy(dtype=np.float32))
        self.channels = slice(1, 2) if channels == 1 else slice(0, channels)
        self.size = slices[0].array.shape[-1]
        self.settings, self.augment = augment, Augmentation(augment, self.size)
        self._boxes: dict[int, Box] = {}
        self.sizes = log_sizes(slices, self.patients) if slices[0].sizes else None

    def __len__(self) -> int:
        return len(self.patients)

    def to(self, device: torch.device) -> None:
        """Makes the batches on a device; here they are made on the CPU and moved by Lightning."""

    def release(self) -> None:
        """Frees what `to` has taken."""

    def __getitem__(self, index: int | tuple[int, int]) -> tuple[Tensor | Sized, Outcome]:
        """One patient's, without the dimension of the patients."""
        x, outcome = self.__getitems__([index])
        item = Sized(x.images[0], x.sizes[0]) if isinstance(x, Sized) else x[0]
        return item, Outcome(*(part[0] for part in outcome))

    def __getitems__(self, indices: Sequence[int | tuple[int, int]]) -> tuple[Tensor | Sized, Outcome]:
        """A batch: PyTorch's loader gives all of its indices at once."""
        drawn = [index if isinstance(index, tuple) else (index, None) for index in indices]
        numbers = [number for number, _ in drawn]
        patients = [self.patients[number] for number in numbers]
        planes = np.stack([self._planes(of, patients) for of in self.slices], axis=1)
        varied = [(number, epoch) for number, epoch in drawn if epoch is not None]
        if varied and self.augment and self.settings.batched:
            flat = planes.reshape(len(planes), -1, *planes.shape[-2:])
            boxes = [self._box(number, of) for (number, _), of in zip(varied, flat, strict=True)]
            x = augmented_slices(flat, boxes, self._draws(varied)).reshape(planes.shape)
        else:
            x = torch.from_numpy(planes).float() / 255
        for place, (number, epoch) in enumerate(drawn):
            if epoch is not None:
                self._vary(x[place], planes[place], number, epoch)
        outcome = Outcome(*self.outcomes[numbers].unbind(1))
        return (x if self.sizes is None else Sized(x, self.sizes[numbers])), outcome

    def _vary(self, x: Tensor, planes: np.ndarray, number: int, epoch: int) -> None:
        """Augments a patient's slices in place."""
        if self.augment and not self.settings.batched:
            x.copy_(self.augment(x.flatten(0, 1), self._draw(number, epoch)).reshape(x.shape))
        if self.masked:
            x[~self._kept(np.array([plane.any() for plane in planes]), epoch, number)] = 0

    def _draws(self, drawn: Sequence[tuple[int, int]]) -> Draws:
        """What is random in the augmentation of a batch; (number, epoch) of each patient."""
        if self.settings.batched:
            return batch_draws(self.settings, self.size, self.seed, drawn, len(self.patients))
        return monai_draws(self.augment.steps, self.size, [self._draw(*of) for of in drawn])

    def _box(self, number: int, planes: np.ndarray) -> Box:
        """Where a patient's tumour is; looked for once by each process."""
        if number not in self._boxes:
            self._boxes[number] = inside(planes)
        return self._boxes[number]

    def _draw(self, number: int, epoch: int) -> int:
        """The seed of an item's augmentation."""
        return int(np.random.SeedSequence([self.seed, epoch, number]).generate_state(1)[0])

    def _planes(self, of: Slices, patients: Sequence[str]) -> np.ndarray:
        """The patients' slices of a sequence; 0 where a patient lacks it."""
        there = np.array([patient in of.rows for patient in patients]) if self.masked else np.full(len(patients), True)
        rows = [of.rows[patient] for patient, has in zip(patients, there, strict=True) if has]
        planes = np.zeros((len(patients), *of.array[:0, self.channels].shape[1:]), np.uint8)
        planes[there] = of.array[rows, self.channels]
        return planes

    def _kept(self, present: np.ndarray, epoch: int, number: int) -> Tensor:
        """Which sequences an augmented item has: each that the patient has stays with a probability of 1 - `DROPPED`.

        Where none would stay, one of them does.
        """
        rng = np.random.default_rng([self.seed, epoch, number, len(present)])
        kept = present & (rng.random(len(present)) >= DROPPED)
        if not kept.any():
            kept[rng.choice(np.flatnonzero(present))] = True
        return torch.from_numpy(kept)


def log_sizes(slices: Sequence[Slices], patients: Sequence[str]) -> Tensor:
    """Natural logarithms of volume and area, (patient, sequence, 2)."""
    sizes = [[[of.sizes[patient].volume, of.sizes[patient].area] for of in slices] for patient in patients]
    return torch.tensor(sizes).log()


class EpochSampler(Sampler):
    """A new order in each epoch that depends on the seed and the epoch alone; divided among processes.

    Lightning calls `set_epoch`, also after a resume. Yields (number, epoch). Where the number of patients is not
    a multiple of the number of processes, the first patients are used twice, as in PyTorch's DistributedSampler.

    Args:
        size: number of patients.
        seed: of the orders.
        rank: of this process.
        world: number of processes.
    """

    def __init__(self, size: int, seed: int, rank: int = 0, world: int = 1) -> None:
        self.size, self.seed, self.rank, self.world, self.epoch = size, seed, rank, world, 0

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch whose order is drawn next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.size // self.world)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.size)
        padded = np.resize(order, len(self) * self.world)
        return ((int(number), self.epoch) for number in padded[self.rank :: self.world])


class SliceDataModule(pl.LightningDataModule):
    """Training, validation and test patients of a cohort as batches.

    Args:
        slices: of each sequence.
        patients: indexed by patient_id, with `split` (train, validation, test, unlabelled), `label`, `time`, `event`.
        channels: as for `SliceDataset`.
        batch_size: of training; divided among several processes.
        augment: settings, for the training patients only.
        seed: of order and augmentation.
        workers: number of processes that load data.
        masked: as for `SliceDataset`.
        dataset: a class like `SliceDataset`; one that makes its batches on a device needs `workers=0`.
    """

    def __init__(
        self,
        slices: Sequence[Slices],
        patients: pd.DataFrame,
        channels: int,
        batch_size: int,
        augment: AugmentConfig,
        seed: int,
        workers: int = 0,
        masked: bool = False,
        dataset: type[SliceDataset] = SliceDataset,
    ) -> None:
        super().__init__()
        self.batch_size, self.seed, self.workers = batch_size, seed, workers
        self.is_moved = dataset is SliceDataset
        self.datasets: Mapping[str, SliceDataset] = {
            str(split): dataset(slices, rows, channels, augment, seed, masked)
            for split, rows in patients.groupby("split")
        }

    def setup(self, stage: str) -> None:
        """Lightning calls it when the device is known."""
        assert self.trainer is not None
        for dataset in self.datasets.values():
            dataset.to(self.trainer.strategy.root_device)

    def release(self) -> None:
        """Frees the memory of the device; no more batches are made."""
        for dataset in self.datasets.values():
            dataset.release()

    def train_dataloader(self) -> DataLoader:
        """Shuffled and augmented batches."""
        trainer = self.trainer
        assert trainer is not None
        sampler = EpochSampler(len(self.datasets["train"]), self.seed, trainer.global_rank, trainer.world_size)
        batch_size = max(self.batch_size // trainer.world_size, 1)
        # Batch norm cannot learn from one patient: a last batch of one is dropped in this epoch.
        last_is_single = batch_size > 1 and len(sampler) % batch_size == 1
        return self._loader("train", batch_size=batch_size, sampler=sampler, drop_last=last_is_single)

    def val_dataloader(self) -> DataLoader:
        """The validation patients in order; every process gets all of them, so that all choose the same epoch."""
        return self.plain_dataloader("validation")

    def plain_dataloader(self, split: str) -> DataLoader:
        """Patients of a split in order, not augmented."""
        # batches of nearly equal size: batch norm's averages give every batch the same weight
        size = len(self.datasets[split])
        return self._loader(split, batch_size=math.ceil(size / math.ceil(size / 32)))

    def _loader(self, split: str, **options: Any) -> DataLoader:
        return DataLoader(
            self.datasets[split],
            num_workers=self.workers,
            pin_memory=self.is_moved and torch.cuda.is_available(),
            collate_fn=as_it_is,  # the dataset makes the batch
            **options,
        )


def as_it_is(batch: Any) -> Any:
    """The batch that the dataset has made."""
    return batch
