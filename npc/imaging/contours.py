"""The pixels that the contours of one slice enclose."""

from collections.abc import Sequence

import cv2
import numpy as np
from skimage.draw import polygon2mask

# A contour that mostly lies no farther than this (pixels) from the one around it is that one drawn again, not a hole.
_SAME = 0.5


def fill(contours: Sequence[np.ndarray], shape: tuple[int, int], *, exclusive: bool) -> np.ndarray:
    """The pixels whose centres the contours of a slice enclose.

    A centre on the line is enclosed, as far as the rounding of coordinates in mm lets it lie on the line.

    Args:
        contours: one or more, each (points, 2) as row and column; the last point is joined to the first.
        shape: rows and columns of the slice.
        exclusive: whether to combine them by exclusive or, as DICOM does those of type CLOSEDPLANAR_XOR (PS3.3,
            C.8.8.6.3). Otherwise they are united, but a contour within another one is a hole in it, one within the
            hole is an island, and so on.

    Returns:
        bool, of that shape.
    """
    areas = [_enclosed(contour, shape) for contour in contours]
    if exclusive:
        return np.logical_xor.reduce(areas)
    order = sorted(range(len(areas)), key=lambda i: areas[i].sum())
    around = {
        i: [j for j in order[place + 1 :] if _is_within(areas[i], areas[j]) and not _same(contours[i], contours[j])]
        for place, i in enumerate(order)
    }
    filled = np.zeros(shape, bool)
    for i in order:  # from small to large, so that a hole already lacks its islands when it is cut out
        nearest = [j for j in around[i] if not any(j in around[k] for k in around[i])]
        for j in nearest:
            areas[j] &= ~areas[i]
        if not nearest:
            filled |= areas[i]
    return filled


def _enclosed(contour: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The pixels that one contour encloses.

    By the even-odd rule, as a keyhole needs: its line leads from the outer border through a channel around the hole and
    back. What a line that crosses itself goes round twice is enclosed, too.
    """
    enclosed = polygon2mask(shape, contour)
    twice = np.abs(_winding_number(contour, shape)) > 1
    return enclosed | twice if twice.any() and not _is_keyhole(contour) else enclosed


def _winding_number(contour: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """How often the contour goes round the centre of each pixel, one direction minus the other."""
    (y, x), (next_y, next_x) = contour.T, np.roll(contour, -1, axis=0).T
    rows = np.arange(shape[0])[:, None]
    passing = (y <= rows).astype(int) - (next_y <= rows)  # of each row by each edge: 1 downwards, -1 upwards
    row, edge = np.nonzero(passing)
    column = x[edge] + (row - y[edge]) * (next_x - x)[edge] / (next_y - y)[edge]
    number = np.zeros((shape[0], shape[1] + 1), int)
    np.add.at(number, (row, np.clip(np.ceil(column), 0, shape[1]).astype(int)), passing[row, edge])
    return number[:, :-1].cumsum(axis=1)


def _is_keyhole(contour: np.ndarray) -> bool:
    """Whether the contour has a channel: a line that is drawn there and back."""
    points = np.round(contour, 3).tolist()  # the digits of the file, without those of the conversion from mm
    lines = {(*start, *end) for start, end in zip(points, points[1:] + points[:1], strict=True) if start != end}
    return any((*line[2:], *line[:2]) in lines for line in lines)


def _is_within(area: np.ndarray, other: np.ndarray) -> bool:
    return bool(area.any()) and not (area & ~other).any()


def _same(inner: np.ndarray, outer: np.ndarray) -> bool:
    """Whether more than half of the inner line, by its length, follows the outer one."""
    closed = np.vstack([inner, inner[:1]])
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    at = np.arange(0, max(length[-1], _SAME), _SAME)
    points = np.column_stack([np.interp(at, length, axis) for axis in closed.T])
    line = outer.astype(np.float32)
    near = [abs(cv2.pointPolygonTest(line, (x, y), True)) <= _SAME for x, y in points.tolist()]
    return float(np.mean(near)) > 0.5
