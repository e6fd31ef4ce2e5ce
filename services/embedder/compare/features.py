"""What was measured of a pair, as the named numbers that a decision is made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.embedder.compare.pair import Pair
from services.embedder.compare.photo import SIDE, Photo
from services.embedder.compare.places import CELLS, Places, colour_map, palette, region_map
from services.embedder.compare.points import Floats
from services.embedder.heads import Logits
from shared.contracts.analysis import AttributeName
from shared.contracts.comparing import FEATURES

_LOW = 10
_LEAST_BENT = 8
_GRID = 6
"""Fields a side in which points that fit are counted."""


def features(pair: Pair, form_dimension: int | None) -> dict[str, float]:
    """All of `FEATURES`; what cannot be measured is 0."""
    told = dict.fromkeys(FEATURES, 0.0)
    told |= _worth(pair.query, pair.reference) | _whole(pair.query, pair.reference, form_dimension)
    matches = pair.matches
    fits = int(matches.fits.sum())
    told |= {
        "matches": float(np.log1p(len(matches.fits))),
        "inliers": float(np.log1p(fits)),
        "inlier_share": fits / max(len(matches.fits), 1),
        "residual": matches.residual / SIDE,
    }
    if pair.alignment is not None and pair.places is not None:
        told |= {
            "aligned": 1.0,
            "tilt": pair.alignment.tilt,
            "outline": pair.overlap,
            "outline_worst": float(np.percentile(pair.edges, 95)) / SIDE if len(pair.edges) else 1.0,
            "bent": bent(matches.one[matches.fits], matches.other[matches.fits]),
            "inlier_cover": _cover(matches.other[matches.fits], pair.places.piece),
        }
        told |= _of_places(pair.places)
    return {name: round(float(value), 6) for name, value in told.items()}


def _worth(query: Photo, reference: Photo) -> dict[str, float]:
    told: dict[str, float] = {}
    for name, photo in (("query", query), ("reference", reference)):
        told |= {
            f"{name}_sharpness": photo.sharpness,
            f"{name}_glare": photo.glare,
            f"{name}_pixels": float(np.log2(max(photo.pixels, 1) / SIDE)),
        }
    return told


def _whole(query: Photo, reference: Photo, form_dimension: int | None) -> dict[str, float]:
    parts = {"deep": slice(None)}
    if form_dimension is not None:
        parts |= {"deep_form": slice(form_dimension), "deep_colour": slice(form_dimension, None)}
    told = {which: _cosine(query.vector[part], reference.vector[part]) for which, part in parts.items()}
    heads: tuple[AttributeName, ...] = ("type", "metal")
    for name in heads:
        told[f"{name}_agrees"] = _agree(query.shares.get(name), reference.shares.get(name))
    return told


def _cosine(one: Floats, other: Floats) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 0.0


def _agree(one: Logits | None, other: Logits | None) -> float:
    """The Bhattacharyya coefficient of a head's two beliefs, 0..1; 1 where there is no such head."""
    return 1.0 if one is None or other is None else float(np.sqrt(one * other).sum())


def _light(places: Places) -> dict[str, float]:
    """How other the light and the ground of the two photos are: then the same piece looks less alike."""
    lit = [colours[places.piece][:, 0] for colours in places.colours]
    ground = [np.median(colours[~places.piece], axis=0) for colours in places.colours] if (~places.piece).any() else []
    return {
        "backdrop": float(np.linalg.norm(ground[0] - ground[1])) / 100 if ground else 0.0,
        "exposure": abs(float(places.light.mean())),
        "contrast": abs(float(np.log((lit[0].std() + 1) / (lit[1].std() + 1)))),
        "light_warm": float(places.light[2] - places.light[0]),
    }


def _cover(places: Floats, piece: npt.NDArray[np.bool_]) -> float:
    """The share of the piece's fields in which a point fits."""
    rows, columns = np.nonzero(piece)
    if not len(rows):
        return 0.0
    size = -(-CELLS // (2 * _GRID))
    of_piece = set(zip((rows // size).tolist(), (columns // size).tolist(), strict=True))
    step = SIDE // CELLS * size
    fitted = {(int(y) // step, int(x) // step) for x, y in places}
    return len(of_piece & fitted) / len(of_piece)


def bent(one: Floats, other: Floats) -> float:
    """How far points that fit are from any way in which one stiff thing can be seen twice, in squares: the root mean
    square distance from the affine epipolar geometry (Shapiro, Zisserman and Brady, IJCV 1995)."""
    if len(one) < _LEAST_BENT:
        return 0.0
    each = np.hstack([one, other]).astype(np.float64)
    least = np.linalg.svd(each - each.mean(0), compute_uv=False)[-1]
    return float(least / np.sqrt(len(each))) / SIDE


def _of_places(places: Places) -> dict[str, float]:
    piece = places.piece
    if not piece.any():
        return {}
    told: dict[str, float] = {}
    for name, alike in (("structure", places.lines), ("dense", places.dense)):
        values = alike[piece]
        told |= {
            name: float(values.mean()),
            f"{name}_low": float(np.percentile(values, _LOW)),
            f"{name}_worst": float(region_map(1 - alike, piece).max()),
        }
    for name, near in (("structure_near", places.lines_near), ("dense_near", places.dense_near)):
        told |= {name: float(near[piece].mean()), f"{name}_worst": float(region_map(1 - near, piece).max())}
    areas = [float(mask.sum()) for mask in (places.one_mask, places.other_mask)]
    told["area"] = abs(float(np.log(max(areas[0], 1) / max(areas[1], 1))))
    moved = places.shift[piece]
    told["warp"] = float(np.linalg.norm(moved - np.median(moved, axis=0), axis=1).mean()) / CELLS
    if places.told.any():
        apart = colour_map(places)
        told["colour"] = float(apart[places.told].mean()) / 100
        told["colour_worst"] = float(apart.max()) / 100
        told |= _light(places)
        tint = places.light - places.light.mean()
        for name, far in (("colour_near", places.tints_near / np.float32(100)), ("tone_near", places.tones_near)):
            about = region_map(far, piece)
            told[name] = float(far[piece].mean())
            told[f"{name}_top"], told[f"{name}_worst"] = float(np.percentile(about[piece], 98)), float(about.max())
        told["palette"] = palette(places)
        told["light_colour"] = float(np.linalg.norm(tint))
    return told
