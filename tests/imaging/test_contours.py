"""Contours of a slice, against the definition on random polygons: a pixel is in by where its centre lies."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Line
from skimage.draw import polygon2mask

from npc.imaging.contours import fill

SHAPE = (24, 30)
CENTRES = np.argwhere(np.ones(SHAPE))


def star(centre: tuple[float, float], radii: list[float]) -> np.ndarray:
    """A simple polygon: corners at these distances from the centre, at even angles."""
    angles = 2 * np.pi * np.arange(len(radii)) / len(radii) + 0.1
    return np.array(centre) + np.array(radii)[:, None] * np.stack([np.sin(angles), np.cos(angles)], axis=1)


def box(top: float, left: float, bottom: float, right: float) -> np.ndarray:
    return np.array([(top, left), (top, right), (bottom, right), (bottom, left)], float)


def inside(contour: np.ndarray) -> np.ndarray:
    """Another computation, pixel by pixel (matplotlib)."""
    return Line(np.vstack([contour, contour[:1]]), closed=True).contains_points(CENTRES).reshape(SHAPE)


def united(*contours: np.ndarray, exclusive: bool = False) -> np.ndarray:
    return fill(contours, SHAPE, exclusive=exclusive)


def clear(*contours: np.ndarray) -> bool:
    """Whether no line passes so close to a pixel's centre that rounding decides."""
    for contour in contours:
        step = np.roll(contour, -1, axis=0) - contour
        from_start = CENTRES[:, None] - contour
        along = np.clip((from_start * step).sum(-1) / (step**2).sum(-1), 0, 1)
        if np.linalg.norm(from_start - along[..., None] * step, axis=-1).min() < 1e-6:
            return False
    return True


distances = st.floats(1.5, 9.0)
stars = st.builds(
    star,
    st.tuples(st.floats(4, 19), st.floats(4, 25)),
    st.lists(distances, min_size=3, max_size=12),
)


@settings(max_examples=40)
@given(stars)
def test_one_contour_holds_the_pixels_whose_centres_it_encloses(contour):
    assume(clear(contour))
    filled = united(contour)
    np.testing.assert_array_equal(filled, inside(contour))
    np.testing.assert_array_equal(filled, polygon2mask(SHAPE, contour))


@settings(max_examples=40)
@given(st.lists(stars, min_size=2, max_size=4))
def test_what_overlaps_is_united_where_no_contour_lies_in_another(contours):
    assume(clear(*contours))
    areas = [inside(contour) for contour in contours]
    assume(all((one & ~other).any() for one, other in itertools.permutations(areas, 2)))
    np.testing.assert_array_equal(united(*contours), np.any(areas, axis=0))


@settings(max_examples=40)
@given(st.lists(stars, min_size=2, max_size=4))
def test_exclusive_contours_cut_each_other_out(contours):
    assume(clear(*contours))
    odd = np.sum([inside(contour) for contour in contours], axis=0) % 2 == 1
    np.testing.assert_array_equal(united(*contours, exclusive=True), odd)


@settings(max_examples=40)
@given(st.lists(st.floats(4, 9), min_size=5, max_size=12), st.permutations(range(3)))
def test_a_contour_within_another_is_a_hole_and_one_within_the_hole_an_island(radii, order):
    """As by exclusive or, which is right where nothing crosses; the order in the file does not matter."""
    outlines = [star((12.3, 15.2), [share * radius for radius in radii]) for share in (1.2, 0.7, 0.3)]
    assume(clear(*outlines))
    outer, hole, island = (inside(outline) for outline in outlines)
    assume(island.any())
    np.testing.assert_array_equal(united(*(outlines[i] for i in order)), (outer & ~hole) | island)


@settings(max_examples=40)
@given(
    stars,
    st.integers(0, 11),
    st.booleans(),
    st.floats(-0.1, 0.1),
    st.integers(1, 3),
)
def test_a_contour_drawn_twice_counts_once(contour, start, backwards, shift, copies):
    """Also with another first point, the other direction, more points, or coordinates that differ by rounding."""
    again = np.roll(contour, start, axis=0)[:: -1 if backwards else 1]
    halfway = (again + np.roll(again, -1, axis=0)) / 2
    again = np.stack([again, halfway], axis=1).reshape(-1, 2) + shift
    assume(clear(contour, again))
    np.testing.assert_array_equal(united(contour, *[again] * copies), inside(contour) | inside(again))


def keyhole(outer: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return np.vstack([outer, outer[:1], hole, hole[:1]])


@pytest.mark.parametrize("direction", [1, -1])
def test_a_keyhole_is_a_hole_whatever_the_direction_of_its_line(direction):
    outer, hole = box(2.5, 2.5, 18.5, 20.5), box(6.5, 7.5, 12.5, 13.5)
    drawn = united(keyhole(outer, hole[::direction]))
    expected = inside(outer) & ~inside(hole)
    np.testing.assert_array_equal(drawn, expected)
    np.testing.assert_array_equal(united(outer, hole), expected)


def test_a_keyhole_with_a_channel_of_some_width():
    outer, hole = box(2.5, 2.5, 18.5, 20.5), box(6.5, 7.5, 12.5, 13.5)
    aside = np.array([0.01, 0])
    drawn = np.vstack([outer, outer[:1] + aside, hole[:1] + aside, hole[:0:-1], hole[:1]])
    np.testing.assert_array_equal(united(drawn), inside(outer) & ~inside(hole))


def test_a_line_that_crosses_itself_encloses_what_it_goes_round_twice():
    once = box(2.5, 2.5, 18.5, 20.5)
    np.testing.assert_array_equal(united(np.vstack([once, once])), inside(once))
    star_of_five = star((12.2, 15.3), [9.0] * 5)[[0, 2, 4, 1, 3]]
    filled = united(star_of_five)
    assert filled[12, 15]  # the even-odd rule leaves the middle out
    np.testing.assert_array_equal(filled | inside(star_of_five), filled)
    bow_tie = np.array([(2.5, 2.5), (18.5, 20.5), (18.5, 2.5), (2.5, 20.5)])
    np.testing.assert_array_equal(united(bow_tie), inside(bow_tie))


def test_a_hole_counts_for_the_contours_around_it_alone():
    left, right, hole = box(2.5, 2.5, 16.5, 14.5), box(2.5, 10.5, 16.5, 24.5), box(5.5, 4.5, 10.5, 12.5)
    np.testing.assert_array_equal(united(left, right, hole), (inside(left) & ~inside(hole)) | inside(right))
    both = box(5.5, 11.5, 10.5, 13.5)
    np.testing.assert_array_equal(united(left, right, both), (inside(left) | inside(right)) & ~inside(both))


def test_neighbours_share_the_pixels_on_their_common_border():
    left, right = box(2, 2, 10, 8), box(2, 8, 10, 14)
    np.testing.assert_array_equal(united(left, right), polygon2mask(SHAPE, box(2, 2, 10, 14)))


@pytest.mark.parametrize("replaced", [[(5.1, 9.1), (9.1, 5.1)], [(5.1, 5.1), (5.1, 14.1), (8.1, 15.1), (5.1, 16.1)]])
def test_a_contour_drawn_again_with_a_corner_cut_or_a_dent_is_no_hole(replaced):
    first = box(5.1, 5.1, 20.1, 25.1)
    again = (
        np.array([*replaced, *first[1:]]) if len(replaced) == 4 else np.array([replaced[1], replaced[0], *first[1:]])
    )
    np.testing.assert_array_equal(united(first, again), inside(first))


def test_a_wall_of_one_pixel_is_no_contour_drawn_twice():
    outer, inner = box(2.5, 2.5, 12.5, 12.5), box(3.5, 3.5, 11.5, 11.5)
    assert united(outer, inner).sum() == 10 * 10 - 8 * 8
