"""The augmentation of a whole batch on the CPU, without a call for each patient (`augment.batched`)."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from npc.signature.draws import Draws


class Box(NamedTuple):
    """A rectangle of pixels: first row, row after the last, first column, column after the last."""

    top: int
    bottom: int
    left: int
    right: int


def inside(planes: np.ndarray) -> Box:
    """The smallest rectangle that holds all that is not 0; one pixel where all is 0.

    Args:
        planes: (channel, row, column).
    """
    marked: np.ndarray = np.any(planes, axis=0)
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    return Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1) if len(rows) else Box(0, 1, 0, 1)


def augmented_slices(planes: np.ndarray, boxes: Sequence[Box], draws: Draws) -> Tensor:
    """The augmented slices, float32 with values from 0 to 1; equal to those of `resident.augmented` but for rounding.

    Arithmetic is done on the rectangle that the tumour reaches, and beyond it the slices are 0.

    Args:
        planes: uint8 (patient, channel, row, column), squares.
        boxes: `inside` of each patient.
        draws: of the same patients.
    """
    size = planes.shape[-1]
    oriented = [_oriented(own, box, draws, n) for n, (own, box) in enumerate(zip(planes, boxes, strict=True))]
    parts, first = [part for part, _ in oriented], np.array([corner for _, corner in oriented])
    sides = np.array([part.shape[1:] for part in parts])
    old = np.zeros((*planes.shape[:2], *sides.max(axis=0)), np.uint8)
    for place, part in zip(old, parts, strict=True):
        place[:, : part.shape[1], : part.shape[2]] = part
    x = torch.from_numpy(old).float() / 255
    if draws.matrix is not None:
        x, first = _moved(x, first, sides, draws.matrix, size)
    if draws.factor is not None:
        x *= 1 + torch.from_numpy(draws.factor).reshape(-1, 1, 1, 1)
    is_part = x.shape[2:] != planes.shape[2:]  # and the rest is 0
    for gamma in draws.gammas:
        x = _contrast(x, torch.from_numpy(gamma).reshape(-1, 1, 1, 1), is_part)
    x.clamp_(0, 1)
    new = torch.zeros(planes.shape, dtype=torch.float32)
    for place, part, (row, column) in zip(new, x, first.tolist(), strict=True):
        place[:, row : row + part.shape[1], column : column + part.shape[2]] = part[:, : size - row, : size - column]
    return new


def _oriented(planes: np.ndarray, box: Box, draws: Draws, number: int) -> tuple[np.ndarray, tuple[int, int]]:
    """The part inside of a patient's box after flips and a quarter turn, and its first row and column."""
    size, (top, bottom, left, right) = planes.shape[-1], box
    part = planes[:, top:bottom, left:right]
    if draws.mirrored is not None and draws.mirrored[number]:
        part, left, right = part[:, :, ::-1], size - right, size - left
    if draws.upended is not None and draws.upended[number]:
        part, top, bottom = part[:, ::-1], size - bottom, size - top
    if draws.turned is not None and draws.turned[number]:
        part, top, left = np.rot90(part, 1, (1, 2)), size - right, top
    return part, (top, left)


def _moved(
    images: Tensor, first: np.ndarray, sides: np.ndarray, matrix: np.ndarray, size: int
) -> tuple[Tensor, np.ndarray]:
    """The rectangles that the images reach, bilinear, with zeros beyond the border, and their first rows and columns.

    Args:
        images: (patient, channel, row, column), each within a square of `size` pixels.
        first: row and column of each image's first pixel, (patient, 2).
        sides: rows and columns of each image that can be other than 0, (patient, 2).
        matrix: as in `Draws`.
        size: pixels.
    """
    middle = (size - 1) / 2
    ends = np.stack([first - 1, first + sides], axis=1) - middle  # (patient, end, axis); a pixel further is still mixed
    ones = np.ones(len(ends))
    corners = [[ends[:, row, 0], ends[:, column, 1], ones] for row, column in product((0, 1), repeat=2)]
    places = np.array(corners).transpose(2, 1, 0)  # (patient, 3, corner)
    reached = np.linalg.solve(matrix, places)[:, :2] + middle
    low = np.clip(np.floor(reached.min(axis=2)), 0, size).astype(int)
    high = np.clip(np.ceil(reached.max(axis=2)) + 1, 0, size).astype(int)
    reach = np.maximum(high - low, 1).max(axis=0)
    new_first = np.minimum(low, size - reach)
    # pixels of the new rectangle, through the matrix, to PyTorch's coordinates of the old one, from -1 to 1
    extent = np.array(images.shape[2:])
    shift = (matrix[:, :2, :2] * (new_first - middle)[:, None]).sum(axis=2) + matrix[:, :2, 2] + middle - first
    scale = torch.from_numpy(matrix[:, :2, :2] * (2 / extent)[:, None]).float()
    origin = torch.from_numpy((2 * shift + 1 - extent) / extent).float()
    row, column = (torch.arange(float(side)) for side in reach)
    grid = torch.empty(len(images), *reach.tolist(), 2)
    for place, axis in enumerate((1, 0)):  # column before row
        rows = scale[:, axis, :1] * row + origin[:, axis, None]
        columns = scale[:, axis, 1:] * column
        torch.add(rows[:, :, None], columns[:, None], out=grid[..., place])
    return grid_sample(images, grid, align_corners=False), new_first


def _contrast(images: Tensor, gamma: Tensor, is_part: bool) -> Tensor:
    """As MONAI's `AdjustContrast` of each patient; the least grey level is 0 where the images are parts of others."""
    high = images.amax(dim=(1, 2, 3), keepdim=True)
    low = torch.zeros_like(high) if is_part else images.amin(dim=(1, 2, 3), keepdim=True)
    # the power of two tensors would round otherwise in the last elements of each thread's share
    return (((images - low) / (high - low + 1e-7)).log() * gamma).exp() * (high - low) + low
