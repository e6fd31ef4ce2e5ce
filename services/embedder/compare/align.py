"""How the piece of one square lies on that of another: by points that are the same, or by the outlines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from services.embedder.compare.photo import SIDE, Canvas, Mask, Photo
from services.embedder.compare.points import Floats, PointFinder

Matrix = npt.NDArray[np.float64]

NEAR = 6.0
"""Pixels of the square that a point may lie beside its place: pieces are no planes, and cameras move."""
_LEAST_INLIERS = 8
_MOST_STRETCH = 2.5
_MOST_SCALE = 3.0
_SMALL = 96
"""Pixels a side at which outlines are laid on each other."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Points of the query (`one`) and the reference (`other`), float32 [K, 2] in pixels of their squares, that may be
    the same; `fits` bool [K]: by `matrix`. `residual`: the median distance of those that fit, in pixels."""

    one: Floats
    other: Floats
    fits: npt.NDArray[np.bool_]
    residual: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """`matrix` [3, 3] takes pixels of the query's square to the reference's. `tilt`: the logarithm of how much more it
    stretches one way than the other."""

    matrix: Matrix
    matches: Matches
    tilt: float


def by_points(query: Photo, reference: Photo, finder: PointFinder) -> tuple[Matches, Matrix | None]:
    """The matches, and the plane that most of them lie on, where there is a sensible one.

    MAGSAC++ (Barath et al., CVPR 2020) as OpenCV has it.
    """
    pairs = finder.pairs(query.points, reference.points, SIDE)
    one, other = query.points.places[pairs[:, 0]], reference.points.places[pairs[:, 1]]
    return fitted(one, other, NEAR)


def fitted(one: Floats, other: Floats, near: float, tries: int = 2_000) -> tuple[Matches, Matrix | None]:
    """Which of the pairs [K, 2] lie on one plane, and its matrix; None where it would be no photo of a thing."""
    none = Matches(one, other, np.zeros(len(one), bool), 0.0)
    if len(one) < _LEAST_INLIERS:
        return none, None
    cv2.setRNGSeed(1)
    found, kept = cv2.findHomography(one, other, cv2.USAC_MAGSAC, near, maxIters=tries, confidence=0.999)
    if found is None or kept.sum() < _LEAST_INLIERS:
        return none, None
    matrix = np.asarray(found, np.float64)
    if not sensible(matrix):
        return none, None
    fits = kept.ravel().astype(bool)
    apart = np.linalg.norm(moved(one[fits], matrix) - other[fits], axis=1)
    return Matches(one, other, fits, float(np.median(apart))), matrix


def by_outlines(query: Mask, reference: Mask, first: Matrix | None = None) -> Matrix | None:
    """The affine map that lays one mask [S, S] on the other, from `first` or from their middles and sizes.

    ECC, Evangelidis and Psarakis 2008. None where it finds nothing sensible.
    """
    scale = np.diag([_SMALL / SIDE, _SMALL / SIDE, 1.0])
    one, other = _coarse(query), _coarse(reference)
    start = first if first is not None else _by_moments(query, reference)
    if start is None:
        return None
    begun = np.linalg.inv(scale @ start @ np.linalg.inv(scale))
    begun = (begun / begun[2, 2])[:2].astype(np.float32)
    ending = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    try:
        _, back = cv2.findTransformECC(other, one, begun, cv2.MOTION_AFFINE, ending)
    except cv2.error:  # it did not converge: nothing is told by that
        return start if sensible(start) else None
    whole = np.vstack([np.asarray(back, np.float64), [0, 0, 1]])
    found = np.linalg.inv(scale) @ np.linalg.inv(whole) @ scale
    return np.asarray(found) if sensible(found) else None


def sensible(matrix: Matrix) -> bool:
    """Whether it may be of a piece seen again: neither mirrored, nor far larger, nor seen along its plane."""
    corners = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]], np.float32)
    if not np.isfinite(matrix).all() or abs(matrix[2, 2]) < 1e-9:
        return False
    depth = corners @ matrix[2, :2] + matrix[2, 2]
    if (depth / depth[0] <= 0.2).any() or (depth / depth[0] >= 5).any():
        return False
    linear = linear_at_middle(matrix)
    values = np.linalg.svd(linear, compute_uv=False)
    scale = float(np.sqrt(values[0] * values[1]))
    inside = values[1] > 1e-6 and values[0] / values[1] < _MOST_STRETCH and 1 / _MOST_SCALE < scale < _MOST_SCALE
    return bool(np.linalg.det(linear) > 0 and inside)


def linear_at_middle(matrix: Matrix) -> Matrix:
    """[2, 2]: what the map does to small things in the middle of the square."""
    middle = SIDE / 2
    ends = moved(np.array([[middle, middle], [middle + 1, middle], [middle, middle + 1]], np.float32), matrix)
    return np.asarray(np.stack([ends[1] - ends[0], ends[2] - ends[0]], axis=1))


def tilt(matrix: Matrix) -> float:
    """log of the larger over the smaller stretch; 0: as seen before, or only turned or nearer."""
    values = np.linalg.svd(linear_at_middle(matrix), compute_uv=False)
    return float(np.log(max(values[0], 1e-6) / max(values[1], 1e-6)))


def moved(places: Floats, matrix: Matrix) -> npt.NDArray[np.float64]:
    """[N, 2] by a matrix [3, 3]."""
    whole = np.concatenate([places.astype(np.float64), np.ones((len(places), 1))], 1) @ matrix.T
    return np.asarray(whole[:, :2] / whole[:, 2:])


def warped(picture: Canvas | Mask, matrix: Matrix) -> Canvas | Mask:
    """A square brought to the other's frame; beyond its edge the edge goes on."""
    brought = cv2.warpPerspective(
        picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return cast("Canvas | Mask", brought)  # as it was given


def _coarse(mask: Mask) -> Floats:
    small = cv2.resize(mask, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 2.0), np.float32)


def _by_moments(query: Mask, reference: Mask) -> Matrix | None:
    """Upright: by the middles and the areas."""
    one, other = cv2.moments(query), cv2.moments(reference)
    if min(one["m00"], other["m00"]) < 16:
        return None
    scale = float(np.sqrt(other["m00"] / one["m00"]))
    x, y = one["m10"] / one["m00"], one["m01"] / one["m00"]
    far, low = other["m10"] / other["m00"], other["m01"] / other["m00"]
    return np.array([[scale, 0, far - scale * x], [0, scale, low - scale * y], [0, 0, 1]])
