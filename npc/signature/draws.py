"""What is random in the augmentation of a batch: a few numbers for each patient."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from monai.transforms import Compose, RandAdjustContrast, RandAffine, RandFlip, RandRotate90, RandScaleIntensity

from npc.config.method_schema import AugmentConfig

NUMBERS = 11  # that are drawn for a patient and an epoch, whatever the settings


@dataclass(frozen=True)
class Draws:
    """The changes of each patient's images, in the order in which they are made; None where a change is off.

    Attributes:
        mirrored: whether left and right change places, bool (patient,).
        upended: whether up and down change places, bool (patient,).
        turned: whether the image turns by 90 degrees, bool (patient,).
        matrix: from a place in the new image to its place in the old one, (row, column, 1) in pixels from the centre,
            float64 (patient, 3, 3).
        factor: of the grey levels, less 1, float32 (patient,).
        gammas: powers of the grey levels, one after the other, float32 (patient,) each.
    """

    mirrored: np.ndarray | None = None
    upended: np.ndarray | None = None
    turned: np.ndarray | None = None
    matrix: np.ndarray | None = None
    factor: np.ndarray | None = None
    gammas: tuple[np.ndarray, ...] = ()


def monai_draws(steps: Compose, size: int, seeds: Sequence[int]) -> Draws:
    """What the steps of `npc.signature.augment.augmentation` draw.

    Args:
        steps: without deformation and noise (`npc.config.values.can_be_drawn`).
        size: side of the images, pixels.
        seeds: one for each patient.
    """
    rows = [_of_patient(steps, size, seed) for seed in seeds]
    names = [
        (f"flip{step.flipper.spatial_axis}" if isinstance(step, RandFlip) else type(step).__name__)
        for step in steps.transforms
    ]
    columns = [np.stack(column) for column in zip(*rows, strict=True)]
    of = dict(zip(names, columns, strict=True))
    gammas = [column for name, column in zip(names, columns, strict=True) if name == RandAdjustContrast.__name__]
    return Draws(
        of.get("flip1"),
        of.get("flip0"),
        of.get(RandRotate90.__name__),
        of.get(RandAffine.__name__),
        of.get(RandScaleIntensity.__name__),
        tuple(gammas),
    )


def _of_patient(steps: Compose, size: int, seed: int) -> list[np.ndarray]:
    steps.set_random_state(seed=seed)
    drawn: list[np.ndarray] = []
    for step in steps.transforms:
        match step:
            case RandFlip():
                step.randomize(None)
                drawn.append(np.array(step._do_transform))
            case RandRotate90():  # a quarter turn at most
                step.randomize()
                drawn.append(np.array(step._do_transform))
            case RandAffine():
                step.randomize()
                step.rand_affine_grid((size, size), lazy=True)
                matrix = step.rand_affine_grid.get_transformation_matrix()
                assert matrix is not None
                drawn.append(np.asarray(matrix, dtype=np.float64))
            case RandScaleIntensity():
                step.randomize()
                drawn.append(np.array(step.factor, np.float32))
            case RandAdjustContrast():
                step.randomize()
                drawn.append(np.array(step.gamma_value, np.float32))
    return drawn


def batch_draws(settings: AugmentConfig, size: int, seed: int, drawn: Sequence[tuple[int, int]], total: int) -> Draws:
    """Draws of the same distributions as MONAI's, of all patients of an epoch at once (`augment.batched`).

    A patient's draws depend on the seed, the epoch and the patient's number alone.

    Args:
        settings: without deformation and noise (`npc.config.values.can_be_drawn`).
        size: side of the images, pixels.
        seed: of the run.
        drawn: number and epoch of each patient of the batch.
        total: number of all patients.
    """
    uniform = np.stack([_uniform(seed, epoch, total)[number] for number, epoch in drawn], axis=1)
    flip, upside, turn = uniform[:3]
    signed = 2 * uniform[3:] - 1  # from -1 to 1
    *places, factor, contrast, power = signed
    gammas = []
    if settings.intensity:
        gammas.append(1 + settings.intensity * contrast)
    if settings.gamma:
        most = 1 + settings.gamma
        gammas.append((most + 1 / most + power * (most - 1 / most)) / 2)
    return Draws(
        flip < settings.flip if settings.flip else None,
        upside < settings.vertical_flip if settings.vertical_flip else None,
        turn < settings.quarter_turn if settings.quarter_turn else None,
        _matrix(settings, size, *places) if settings.rotate or settings.shift or settings.scale else None,
        (settings.intensity * factor).astype(np.float32) if settings.intensity else None,
        tuple(gamma.astype(np.float32) for gamma in gammas),
    )


@lru_cache(maxsize=2)
def _uniform(seed: int, epoch: int, total: int) -> np.ndarray:
    """Numbers from 0 to 1, (patient, number); a patient's row is the same whatever the total."""
    stream = np.random.SeedSequence([seed, epoch], spawn_key=(1,))  # the order of the patients comes from another one
    return np.random.default_rng(stream).random((total, NUMBERS))


def _matrix(settings: AugmentConfig, size: int, *signed: np.ndarray) -> np.ndarray:
    """A change of height and width, a rotation, then a shift; of numbers from -1 to 1."""
    turn, height, width, down, right = signed
    angle = math.radians(settings.rotate) * turn
    tall, wide = 1 + settings.scale * height, 1 + settings.scale * width
    matrix = np.zeros((len(angle), 3, 3))
    matrix[:, 0, 0], matrix[:, 0, 1] = np.cos(angle) * tall, -np.sin(angle) * wide
    matrix[:, 1, 0], matrix[:, 1, 1] = np.sin(angle) * tall, np.cos(angle) * wide
    matrix[:, 0, 2], matrix[:, 1, 2] = settings.shift * size * down, settings.shift * size * right
    matrix[:, 2, 2] = 1
    return matrix
