"""Whether one picture is a copy of another: the very same light on the very same places, however it was edited since.

A second photo of a shiny thing never repeats its highlights; a copy repeats them, cut, mirrored, recoloured or not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from services.embedder.compare.align import Matches, Matrix, fitted, moved
from services.embedder.compare.points import Floats, PointFinder, Points, nearest
from shared.contracts.analysis import Box
from shared.contracts.comparing import COPY_FEATURES, CopyCheck, EditCode

SIDE = 320
"""Pixels of the longer side at which pictures are compared."""
_MOST_POINTS = 512
_NEAR = 2.5
_TRIES = 400
"""Of finding the plane: most points of a copy lie on one, and what takes more tries is none."""
_SURELY = 0.9
"""Probability from which on the mirror image is not looked at."""
_ENOUGH = 12
"""Points on a plane below which another size is tried."""
_TILE = 20
"""Pixels a side of the tiles whose detail is compared."""
_FINE, _COARSE = 1.2, 5.0
"""Deviations in pixels between which lies the detail that is compared: a JPEG loses what is finer."""
_LEAST_DETAIL = 3.0
"""Deviation of levels from which on a tile has detail."""
WEIGHTS = {"detail": 9.0, "detail_low": 2.5}
BIAS = -8.6
"""Of the logistic whose result is the probability, fitted on edited copies of 32 registered pictures of the lab's fit
families against other photos of the same piece and of its near-twins: not how many points agree tells a copy, but that
the detail about them is the very same."""
_CUT, _FRAMED, _TINTED, _BENT = 0.9, 0.12, 9.0, 0.012

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CopyView:
    """A whole picture: `canvas` uint8 [S, S, 3], in its corner the picture of `wide` x `high` pixels.

    `coarse`: points of the picture half as large, in pixels of the canvas: XFeat knows a thing again in up to about
    twice its size, and a collage or a cut-out may show it in another.
    """

    canvas: npt.NDArray[np.uint8]
    wide: int
    high: int
    points: Points
    coarse: Points


@dataclass(frozen=True, slots=True)
class _Fit:
    matrix: Matrix
    features: dict[str, float]
    tint: float


def copy_view(rgb: Image.Image, finder: PointFinder) -> CopyView:
    """The picture, ready."""
    factor = SIDE / max(rgb.size)
    wide, high = max(8, round(rgb.width * factor)), max(8, round(rgb.height * factor))
    small = np.asarray(rgb.resize((wide, high), Image.Resampling.BICUBIC, reducing_gap=2.0))
    return _viewed(small, finder)


def mirrored_view(view: CopyView, finder: PointFinder) -> CopyView:
    """Its mirror image."""
    return _viewed(np.ascontiguousarray(view.canvas[: view.high, : view.wide][:, ::-1]), finder)


def _viewed(picture: npt.NDArray[np.uint8], finder: PointFinder) -> CopyView:
    high, wide = picture.shape[:2]
    canvas = np.pad(picture, ((0, SIDE - high), (0, SIDE - wide), (0, 0)), mode="edge")
    half = np.asarray(cv2.resize(canvas, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA), np.uint8)
    coarse = _points(half, wide // 2, high // 2, finder)
    doubled = replace(coarse, places=coarse.places * 2 + np.float32(0.5))
    return CopyView(canvas, wide, high, _points(canvas, wide, high, finder), doubled)


def _points(canvas: npt.NDArray[np.uint8], wide: int, high: int, finder: PointFinder) -> Points:
    """Those of the picture in the canvas's corner; without what each cell looks like, which is not needed."""
    within = np.zeros(canvas.shape[:2], bool)
    within[:high, :wide] = True
    found = finder.find(_grey(canvas).astype(np.float32), _MOST_POINTS, within)
    return replace(found, dense=np.zeros((0, 0, 0), np.float32))


def copy_check(query: CopyView, mirrored: CopyView, reference: CopyView) -> CopyCheck:
    """The query, as it is and mirrored, against the reference."""
    best: tuple[float, _Fit, CopyView, bool] | None = None
    for view, turned in ((query, False), (mirrored, True)):
        fit = _fit(view, reference, sizes=1 if turned else 3)
        if fit is None:
            continue
        probability = _probability(fit.features)
        if best is None or probability > best[0]:
            best = (probability, fit, view, turned)
        if probability > _SURELY:
            break
    if best is None:
        return CopyCheck(degree="none", probability=0.0, features=dict.fromkeys(COPY_FEATURES, 0.0))
    probability, fit, view, turned = best
    shown, covered, bent = _parts(fit.matrix, view, reference)
    edits = _edits(turned, shown, covered, bent, fit.tint)
    features = fit.features | {
        "mirrored": float(turned),
        "recoloured": fit.tint / 100,
        "cover": shown,
    }
    found = probability >= 0.5
    boxes = _boxes(fit.matrix, view, reference, turned) if found else (None, None)
    return CopyCheck(
        degree=("edited_picture" if edits else "same_picture") if found else "none",
        probability=round(probability, 4),
        edits=edits if found else [],
        query=boxes[0],
        reference=boxes[1],
        features={name: round(features.get(name, 0.0), 5) for name in COPY_FEATURES},
    )


def _probability(features: dict[str, float]) -> float:
    odds = BIAS + sum(weight * features[name] for name, weight in WEIGHTS.items())
    return float(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def _fit(query: CopyView, reference: CopyView, sizes: int) -> _Fit | None:
    """By the first of so many `sizes` in which some plane takes one to the other; None where none does."""
    each = (
        (query.points, reference.points, _NEAR),
        (query.points, reference.coarse, 2 * _NEAR),
        (query.coarse, reference.points, 2 * _NEAR),
    )
    for one, other, near in each[:sizes]:
        pairs = nearest(one, other)
        matches, matrix = fitted(one.places[pairs[:, 0]], other.places[pairs[:, 1]], near, _TRIES)
        if matrix is not None and matches.fits.sum() >= _ENOUGH:
            return _measured(query, reference, matches, matrix)
    return None


def _measured(query: CopyView, reference: CopyView, matches: Matches, matrix: Matrix) -> _Fit:
    flags = cv2.INTER_LINEAR
    warped = cv2.warpPerspective(query.canvas, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    there = np.zeros((SIDE, SIDE), np.uint8)
    there[: query.high, : query.wide] = 1
    both = cv2.warpPerspective(there, matrix, (SIDE, SIDE), flags=cv2.INTER_NEAREST) > 0
    both[reference.high :] = False
    both[:, reference.wide :] = False
    details = _detail(_grey(np.asarray(warped)), _grey(reference.canvas), both)
    highlights = _highlights(_grey(np.asarray(warped)), _grey(reference.canvas), both)
    features = {
        "inliers": float(np.log1p(matches.fits.sum())),
        "inlier_share": float(matches.fits.mean()),
        "inlier_cover": len({tuple(place) for place in (matches.other[matches.fits] // 40).astype(int)}) / 64,
        "residual": matches.residual / SIDE,
        "detail": float(np.median(details)) if len(details) else 0.0,
        "detail_low": float(np.percentile(details, 20)) if len(details) else 0.0,
        "highlights": highlights,
    }
    return _Fit(matrix, features, _tint(np.asarray(warped), reference.canvas, both))


def _detail(one: Grey, other: Grey, both: npt.NDArray[np.bool_]) -> Floats:
    """The correlation of the detail of every tile that has some in the reference, -1..1."""
    bands = [_band(each) for each in (one, other)]
    inside = cv2.erode(both.astype(np.uint8), np.ones((9, 9), np.uint8), borderValue=0).astype(np.float32)
    size = (_TILE, _TILE)

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values * inside, size)[_TILE // 2 :: _TILE, _TILE // 2 :: _TILE])

    share = mean(np.ones_like(inside))
    full = share > 0.7
    first, second = bands
    weight = np.maximum(share, 1e-3)
    middle, other_middle = mean(first) / weight, mean(second) / weight
    product = mean(first * second) / weight - middle * other_middle
    spread = np.maximum(mean(first**2) / weight - middle**2, 1e-3)
    other_spread = np.maximum(mean(second**2) / weight - other_middle**2, 1e-3)
    kept = full & (np.sqrt(other_spread) > _LEAST_DETAIL)
    return np.asarray((product / np.sqrt(spread * other_spread))[kept], np.float32)


def _highlights(one: Grey, other: Grey, both: npt.NDArray[np.bool_]) -> float:
    """How far the brightest places are the same: intersection over union of the brightest twentieth of each."""
    if both.sum() < 400:
        return 0.0
    bright = [band * both > np.percentile(band[both], 95) for band in (_band(one), _band(other))]
    union = float((bright[0] | bright[1]).sum())
    return float((bright[0] & bright[1]).sum()) / union if union else 0.0


def _band(grey: Grey) -> Floats:
    levels = grey.astype(np.float32)
    return np.asarray(cv2.GaussianBlur(levels, (0, 0), _FINE) - cv2.GaussianBlur(levels, (0, 0), _COARSE), np.float32)


def _grey(canvas: npt.NDArray[np.uint8]) -> Grey:
    return np.asarray(cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY))


def _tint(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8], both: npt.NDArray[np.bool_]) -> float:
    """How far the colours were moved, in CIELAB without lightness."""
    if not both.any():
        return 0.0
    labs = [cv2.cvtColor(each.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[both][:, 1:] for each in (one, other)]
    return float(np.linalg.norm(labs[0] - labs[1], axis=1).mean())


def _parts(matrix: Matrix, query: CopyView, reference: CopyView) -> tuple[float, float, float]:
    """The share of the reference that the query shows; the share of the query that is of it; how far from a turned and
    scaled copy the plane is, in sides."""
    shown = _area(_clipped(_corners(query), matrix, reference)) / (reference.wide * reference.high)
    back = np.asarray(np.linalg.inv(matrix), np.float64)
    covered = _area(_clipped(_corners(reference), back, query)) / (query.wide * query.high)
    corners = _corners(query)
    ends = moved(corners, matrix)
    plain, _ = cv2.estimateAffinePartial2D(corners, ends.astype(np.float32), method=cv2.LMEDS)
    bent = 0.0
    if plain is not None:
        straight = np.hstack([corners, np.ones((4, 1), np.float32)]) @ plain.T
        bent = float(np.linalg.norm(straight - ends, axis=1).max()) / SIDE
    return min(shown, 1.0), min(covered, 1.0), bent


def _edits(turned: bool, shown: float, covered: float, bent: float, tint: float) -> list[EditCode]:
    told: dict[EditCode, bool] = {
        "mirrored": turned,
        "cropped": shown < _CUT,
        "recoloured": tint > _TINTED,
        "bordered": 1 - covered > _FRAMED and covered > 0.5,
        "pasted": covered <= 0.5,
        "rephotographed": bent > _BENT,
    }
    return [code for code, so in told.items() if so]


def _corners(view: CopyView) -> Floats:
    return np.array([[0, 0], [view.wide, 0], [view.wide, view.high], [0, view.high]], np.float32)


def _clipped(corners: Floats, matrix: Matrix, view: CopyView) -> Floats:
    """The polygon of the moved corners within a view: [N, 2], empty where there is nothing."""
    ends = moved(corners, matrix).astype(np.float32)
    _, common = cv2.intersectConvexConvex(cv2.convexHull(ends), _corners(view))
    return np.zeros((0, 2), np.float32) if common is None else np.asarray(common, np.float32).reshape(-1, 2)


def _area(polygon: Floats) -> float:
    return float(cv2.contourArea(polygon)) if len(polygon) > 2 else 0.0


def _boxes(matrix: Matrix, query: CopyView, reference: CopyView, turned: bool) -> tuple[Box | None, Box | None]:
    """Where the common part is in the query and in the reference."""
    in_query = _box(_clipped(_corners(reference), np.asarray(np.linalg.inv(matrix), np.float64), query), query)
    if in_query is not None and turned:
        in_query = Box(x0=1 - in_query.x1, y0=in_query.y0, x1=1 - in_query.x0, y1=in_query.y1)
    return in_query, _box(_clipped(_corners(query), matrix, reference), reference)


def _box(polygon: Floats, view: CopyView) -> Box | None:
    if len(polygon) < 3:
        return None
    low, high = polygon.min(0) / (view.wide, view.high), polygon.max(0) / (view.wide, view.high)
    low, high = np.clip(low, 0, 0.999), np.clip(high, 0, 1)
    if (high <= low).any():
        return None
    return Box(x0=float(low[0]), y0=float(low[1]), x1=float(high[0]), y1=float(high[1]))
