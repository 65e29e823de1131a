from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

from npc.config.method_schema import AugmentConfig
from npc.signature.data import EpochSampler, SliceDataModule, SliceDataset, as_it_is
from npc.signature.endpoints import Outcome

NONE = AugmentConfig(flip=0, rotate=0, shift=0, intensity=0)
LIGHT = AugmentConfig(flip=0.5, rotate=10, shift=0.05, intensity=0.1)
STRONG = AugmentConfig(
    flip=0.5, rotate=20, shift=0.1, intensity=0.1, vertical_flip=0.5, scale=0.2, elastic=0.05, gamma=0.5, noise=0.1
)
BOTH = pytest.mark.parametrize("augment", [LIGHT, STRONG], ids=["light", "strong"])
PATIENTS = 12


def outcomes(names) -> pd.DataFrame:
    """Patients whose labels, months and events differ."""
    numbers = np.arange(len(names))
    columns = {"event": numbers % 3 // 2, "time": numbers + 0.5, "label": numbers % 2}
    return pd.DataFrame(columns, index=pd.Index(list(names), name="patient_id"))


@pytest.fixture
def dataset(stored, images):
    """Makes the dataset of some arrays, by default of one sequence."""

    def make(*arrays, augment=LIGHT, seed=0, channels=1, order=None):
        stores = stored(*(arrays or [images(PATIENTS)]))
        patients = outcomes(stores[0].rows)
        return SliceDataset(stores, patients if order is None else patients.loc[order], channels, augment, seed)

    return make


@pytest.fixture
def module(stored, images):
    """Makes a data module of 8 training, 3 validation and 1 test patient."""

    def make(batch_size=4, training=8, workers=0):
        stores = stored(images(training + 4))
        splits = ["train"] * training + ["validation"] * 3 + ["test"]
        patients = outcomes(stores[0].rows).assign(split=splits)
        data = SliceDataModule(stores, patients, 1, batch_size, LIGHT, 0, workers)
        data.trainer = SimpleNamespace(global_rank=0, world_size=1)
        return data

    return make


@pytest.mark.parametrize(("channels", "which"), [(1, [1]), (3, [0, 1, 2])])
def test_an_item_is_the_patients_row_of_the_store(dataset, images, channels, which):
    arrays = images(5, seed=1), images(5, seed=2)
    data = dataset(*arrays, channels=channels)
    assert len(data) == 5
    for number in range(5):
        x, outcome = data[number]
        assert isinstance(outcome, Outcome)
        assert {x.dtype, *(part.dtype for part in outcome)} == {torch.float32}
        expected = np.stack([array[number, which] for array in arrays]) / np.float32(255)
        np.testing.assert_array_equal(x.numpy(), expected)
        assert outcome.label == number % 2
        assert outcome.time == number + 0.5
        assert outcome.event == number % 3 // 2


def test_rows_are_found_by_patient_not_by_position(dataset, images):
    array = images(4)
    data = dataset(array, order=["p3", "p0"])
    assert data.patients == ["p3", "p0"]
    for number, row in enumerate([3, 0]):
        x, outcome = data[number]
        np.testing.assert_array_equal(x[0], array[row, [1]] / np.float32(255))
        assert outcome == (row % 2, row + 0.5, row % 3 // 2)


def test_the_real_store_gives_the_same(tiny, default_run, shared):
    """`default_run` has built the store; its rows are the network's input."""
    from npc.cohort.load import load
    from npc.imaging.store import open_store
    from npc.signature.method import stored

    config = tiny()
    cohort = load(config.cohort, config.endpoint, ["cet1"])
    store = open_store(*stored(config, cohort, "cet1"))
    data = SliceDataset([store], outcomes(cohort.patients.index), 1, NONE, 0)
    assert len(data) == 60
    for number, patient in enumerate(cohort.patients.index):
        np.testing.assert_array_equal(data[number][0][0, 0], store.array[store.rows[patient], 1] / np.float32(255))


@BOTH
def test_augmentation_depends_on_seed_epoch_and_patient_alone(dataset, images, augment):
    same = images(1).repeat(4, axis=0)  # four patients with the same image
    data = dataset(same, augment=augment)
    x = data[2, 5][0]
    for index in [(0, 0), (3, 5), (2, 4), 2]:
        assert not torch.equal(data[index][0], x), index
    assert torch.equal(data[2, 5][0], x)
    assert torch.equal(dataset(same, augment=augment)[2, 5][0], x)
    assert not torch.equal(dataset(same, augment=augment, seed=1)[2, 5][0], x)


@BOTH
def test_augmentation_does_not_touch_the_global_generators(dataset, augment):
    data = dataset(augment=augment)
    expected = data[3, 1][0]
    np.random.seed(7)
    torch.manual_seed(7)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    assert torch.equal(data[3, 1][0], expected)
    assert (np.random.get_state()[1] == before[0]).all()
    assert torch.equal(torch.get_rng_state(), before[1])


def test_augmentation_is_the_same_with_workers(dataset):
    data = dataset()
    indices = [(number, 3) for number in range(PATIENTS)]
    one_process, two_workers = (
        torch.cat([x for x, _ in DataLoader(data, 4, sampler=indices, num_workers=workers, collate_fn=as_it_is)])
        for workers in (0, 2)
    )
    assert torch.equal(one_process, two_workers)
    backwards = torch.cat([x for x, _ in DataLoader(data, 3, sampler=indices[::-1], collate_fn=as_it_is)])
    assert torch.equal(backwards.flip(0), one_process)


def test_sequences_and_channels_move_together(dataset, images):
    array = images(6)[:, [1, 1, 1]]
    data = dataset(array, array, channels=3)
    for number in range(6):
        x = data[number, 1][0]
        assert not torch.equal(x, data[number][0])
        assert torch.equal(x, x[:1, :1].expand_as(x))


def test_intensity_keeps_the_background_zero(dataset, images):
    data = dataset(augment=AugmentConfig(flip=0, rotate=0, shift=0, intensity=0.3))
    background = torch.from_numpy(images(PATIENTS)[0, :1] == 0)
    for number in range(PATIENTS):
        x = data[number, 0][0][0]
        assert (x[background] == 0).all()
        assert (x[~background] > 0).all()


def test_a_flip_is_left_to_right(dataset):
    data = dataset(augment=AugmentConfig(flip=1, rotate=0, shift=0, intensity=0))
    for number in range(PATIENTS):
        assert torch.equal(data[number, 0][0], data[number][0].flip(-1))


def test_half_of_the_patients_are_flipped(dataset):
    data = dataset(augment=AugmentConfig(flip=0.5, rotate=0, shift=0, intensity=0))
    flipped = [not torch.equal(data[n, e][0], data[n][0]) for n in range(PATIENTS) for e in range(20)]
    assert 0.4 < np.mean(flipped) < 0.6


def test_a_shift_is_a_share_of_the_side(dataset, images):
    """A bright pixel moves by at most 10% of 40 pixels, and by more than 1 pixel sometimes."""
    array = np.zeros((1, 3, 40, 40), np.uint8)
    array[..., 19:21, 19:21] = 255
    data = dataset(array, augment=AugmentConfig(flip=0, rotate=0, shift=0.1, intensity=0))
    grid = torch.arange(40.0)
    moved = []
    for epoch in range(50):
        x = data[0, epoch][0][0, 0]
        assert x.sum() == pytest.approx(4, rel=1e-3)
        moved += [float((x.sum(1) * grid).sum() / x.sum()) - 19.5, float((x.sum(0) * grid).sum() / x.sum()) - 19.5]
    assert 2 < np.abs(moved).max() <= 4.01
    assert abs(np.mean(moved)) < 1


@pytest.mark.slow
@BOTH
def test_values_stay_between_0_and_1(dataset, augment):
    data = dataset(channels=3, augment=augment)
    for number in range(PATIENTS):
        for epoch in range(5):
            x = data[number, epoch][0]
            assert x.min() >= 0
            assert x.max() <= 1


@BOTH
def test_an_augmented_item_is_a_plain_tensor(dataset, augment):
    """MONAI's own tensor type would be passed through every layer of the network and cost time in each."""
    x, outcome = dataset(augment=augment).__getitems__([(number, 0) for number in range(4)])
    assert type(outcome) is Outcome
    assert {type(x), *map(type, outcome)} == {torch.Tensor}
    assert [tuple(part.shape) for part in outcome] == [(4,)] * 3


def test_without_augmentation_the_image_is_unchanged(dataset):
    data = dataset(augment=NONE)
    assert torch.equal(data[1, 3][0], data[1][0])


def order(size: int, epoch: int, **options: int) -> list[int]:
    sampler = EpochSampler(size, **{"seed": 0, **options})
    sampler.set_epoch(epoch)
    drawn = list(sampler)
    assert len(drawn) == len(sampler)
    assert {of for _, of in drawn} == {epoch}
    return [number for number, _ in drawn]


def test_each_epoch_has_a_new_permutation():
    orders = [order(20, epoch) for epoch in range(5)]
    assert all(sorted(drawn) == list(range(20)) for drawn in orders)
    assert len({tuple(drawn) for drawn in orders}) == 5
    assert orders == [order(20, epoch) for epoch in range(5)]
    assert order(20, 0, seed=1) != orders[0]


@pytest.mark.parametrize(("size", "world"), [(20, 2), (21, 2), (20, 3)])
def test_the_patients_are_divided_among_the_processes(size, world):
    parts = [order(size, 4, rank=rank, world=world) for rank in range(world)]
    assert {len(part) for part in parts} == {-(-size // world)}
    everybody = [number for part in parts for number in part]
    assert set(everybody) == set(range(size))
    assert len(everybody) - size < world
    # together they have the order of a single process
    assert [number for together in zip(*parts, strict=True) for number in together][:size] == order(size, 4)


def test_only_the_training_patients_are_shuffled_and_augmented(module):
    data = module()
    x, _ = next(iter(data.train_dataloader()))
    plain = {item.numpy().tobytes() for item, _ in data.datasets["train"]}
    assert not any(item.numpy().tobytes() in plain for item in x)
    for split, loader in [("validation", data.val_dataloader()), ("test", data.plain_dataloader("test"))]:
        for _ in range(2):
            seen = torch.cat([x for x, _ in loader])
            assert torch.equal(seen, torch.stack([data.datasets[split][n][0] for n in range(len(seen))]))


def test_recalibration_sees_the_training_patients_without_augmentation(module):
    data = module()
    seen = torch.cat([x for x, _ in data.plain_dataloader("train")])
    assert torch.equal(seen, torch.stack([data.datasets["train"][number][0] for number in range(8)]))


@pytest.mark.parametrize(
    ("training", "batch_size", "sizes"),
    [(8, 4, [4, 4]), (9, 4, [4, 4]), (10, 4, [4, 4, 2]), (8, 16, [8]), (3, 1, [1, 1, 1])],
)
def test_only_a_last_batch_of_one_is_dropped(module, training, batch_size, sizes):
    assert [len(outcome.label) for _, outcome in module(batch_size, training).train_dataloader()] == sizes


def test_the_dropped_patient_changes_with_the_epoch(module):
    loader = module(4, 9).train_dataloader()
    left_out = set()
    for epoch in range(8):
        loader.sampler.set_epoch(epoch)
        left_out |= set(range(9)) - {number for batch in list(loader.batch_sampler) for number, _ in batch}
    assert len(left_out) > 3


def test_a_patient_is_in_the_datasets_of_one_split(module):
    parts = [set(dataset.patients) for dataset in module().datasets.values()]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 12
