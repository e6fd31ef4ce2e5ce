"""Two squares in one frame, held against each other place by place: lines, what points look like, colours, outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from services.embedder.compare.photo import SIDE, Canvas, Mask, grey_of
from services.embedder.compare.points import Floats

STEP = 4
CELLS = SIDE // STEP
"""Places a side that are compared."""
_REACH = 3
"""Places by which a place may lie beside its own: the camera moved about a piece that is no plane."""
_TOGETHER = 9
"""Places a side that move together."""
_DIRECTIONS = 6
_FLAT = 0.35
"""What a place without lines has in place of them, so that two such are alike."""
_LOCAL = 10.0
_REGION = 2.5
"""Places: how far is smoothed before a place is told to differ."""
_CLIPPED = 40.0
_TINTS = 24
_WEIGHTS = np.array([0.25, 1, 1], np.float32)
"""Of lightness, which light changes most, and of both colours."""
_DARK, _BRIGHT = 12.0, 94.0
"""Lightness between which a colour can be told."""


@dataclass(frozen=True, slots=True)
class Places:
    """Maps [C, C] of the reference's frame. `piece` bool: where either photo has the piece. `lines` and `dense`: how
    alike, -1..1; `tints` [C, C, 3]: how far apart in CIELAB, after the light's colour, and `told` where that can be
    told: 0 elsewhere.

    `lines_near`, `dense_near`, `tints_near` (0.. of CIELAB) [C, C]: the same for the likest place about, each for
    itself and both ways round, the less alike of the two: what is a little aside differs in none of them. `colours`:
    CIELAB of both [C, C, 3] in the reference's light, the query's not moved by `shift`.

    `shift` float32 [C, C, 2]: by how many places each lies beside its own. `light` (3,): log of the light's colour
    between the photos.
    """

    piece: npt.NDArray[np.bool_]
    lines: Floats
    dense: Floats
    tints: Floats
    told: npt.NDArray[np.bool_]
    lines_near: Floats
    dense_near: Floats
    tints_near: Floats
    tones_near: Floats
    colours: tuple[Floats, Floats]
    shift: Floats
    light: Floats
    one_mask: Mask
    other_mask: Mask


def line_maps(canvas: Canvas) -> Floats:
    """[7, C, C]: how strong the lines of six directions are at every place, against what is about it; unit length.

    Directions without sign, so that a reflection brighter or darker than what is about it draws the same line.
    """
    grey = cv2.GaussianBlur(grey_of(canvas), (0, 0), 1.0)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    strength = np.hypot(across, down)
    usual = np.sqrt(cv2.GaussianBlur(strength**2, (0, 0), _LOCAL)) + 6.0
    angle = 2 * np.arctan2(down, across)
    each = []
    for number in range(_DIRECTIONS):
        towards = np.maximum(np.cos(angle - 2 * np.pi * number / _DIRECTIONS), 0) ** 2
        smooth = cv2.GaussianBlur(strength / usual * towards, (0, 0), 2.0)
        each.append(cv2.resize(smooth, (CELLS, CELLS), interpolation=cv2.INTER_AREA))
    maps = np.stack([*each, np.full((CELLS, CELLS), _FLAT, np.float32)])
    return np.asarray(maps / np.linalg.norm(maps, axis=0), np.float32)


def dense_maps(dense: Floats) -> Floats:
    """[64, S/8, S/8] -> [64, C, C] of unit length."""
    larger = np.stack([cv2.resize(one, (CELLS, CELLS), interpolation=cv2.INTER_LINEAR) for one in dense])
    return np.asarray(larger / np.maximum(np.linalg.norm(larger, axis=0), 1e-6), np.float32)


def held(
    one: tuple[Canvas, Mask, Floats], other: tuple[Canvas, Mask, Floats], lines_of_other: Floats | None = None
) -> Places:
    """The query's square, brought to the frame (`one`), against the reference's: canvas, mask and `dense` of each."""
    masks = _small(one[1]), _small(other[1])
    piece = np.asarray(np.maximum(*masks) > 0.5)
    lines = line_maps(one[0]), line_maps(other[0]) if lines_of_other is None else lines_of_other
    dense = dense_maps(one[2]), dense_maps(other[2])
    shifts = [(down, across) for down in range(-_REACH, _REACH + 1) for across in range(-_REACH, _REACH + 1)]
    by_lines = np.stack([_alike(*lines, *shift) for shift in shifts])
    by_dense = np.stack([_alike(*dense, *shift) for shift in shifts])
    together = np.stack([cv2.blur(each, (_TOGETHER, _TOGETHER)) for each in by_lines + by_dense])
    far = np.array([0.004 * (down**2 + across**2) for down, across in shifts], np.float32)
    best = (together - far[:, None, None]).argmax(0)
    shift = np.array(shifts, np.float32)[best]
    chosen = (best, *np.mgrid[:CELLS, :CELLS])
    light, tints, told = _colours(one[0], other[0], np.minimum(*masks) > 0.5, shift)
    colours = lit_colours(one[0], other[0], light)
    return Places(
        piece,
        by_lines[chosen],
        by_dense[chosen],
        tints,
        told & piece,
        likest(by_lines, shifts),
        likest(by_dense, shifts),
        tints_near(colours[0] * _WEIGHTS, colours[1] * _WEIGHTS, shifts),
        tints_near(_tones(colours[0]), _tones(colours[1]), shifts),
        colours,
        shift,
        light,
        one[1],
        other[1],
    )


def likest(alike: Floats, shifts: Sequence[tuple[int, int]]) -> Floats:
    """[C, C]: of each place of the reference the likest about it in the query, and of that of the query the likest in
    the reference; the lower of both. `alike` [S, C, C]: by shift, as `_alike` tells."""
    back = np.stack([np.roll(each, shift, (0, 1)) for each, shift in zip(alike, shifts, strict=True)])
    return np.asarray(np.minimum(alike.max(0), back.max(0)), np.float32)


def tints_near(one: Floats, other: Floats, shifts: Sequence[tuple[int, int]]) -> Floats:
    """[C, C]: how far the colours [C, C, k] of each place are from the nearest colour about it in the other photo, the
    farther of both ways round."""
    apart = [((np.roll(one, (-down, -across), (0, 1)) - other) ** 2).sum(-1) for down, across in shifts]
    back = [np.roll(each, shift, (0, 1)) for each, shift in zip(apart, shifts, strict=True)]
    return np.asarray(np.sqrt(np.maximum(np.min(apart, axis=0), np.min(back, axis=0))), np.float32)


def _tones(colours: Floats) -> Floats:
    """CIELAB [C, C, 3] -> [C, C, 2]: colourfulness for the lightness, which a brighter or darker light leaves."""
    return np.asarray(colours[..., 1:] / (colours[..., :1] + _DARK), np.float32)


def lit_colours(one: Canvas, other: Canvas, light: Floats) -> tuple[Floats, Floats]:
    """CIELAB [C, C, 3] of both, the first as the other's light would show it."""
    return _lab(np.clip(_linear(one) * np.exp(light), 1e-3, 1.0)), _lab(_linear(other))


def palette(places: Places) -> float:
    """The Bhattacharyya coefficient, 0..1, of how much of each piece has which colour, wherever that is: of the colour
    without its lightness, in steps of 8 CIELAB."""
    seen = []
    for colours, mask in zip(places.colours, (places.one_mask, places.other_mask), strict=True):
        own = colours[_small(mask) > 0.5]
        counts, _, _ = np.histogram2d(own[:, 1], own[:, 2], bins=_TINTS, range=[[-96, 96], [-96, 96]])
        smooth = cv2.GaussianBlur(counts.astype(np.float32), (0, 0), 1.0)
        seen.append(smooth / max(float(smooth.sum()), 1e-6))
    return float(np.sqrt(seen[0] * seen[1]).sum())


def region_map(values: Floats, within: npt.NDArray[np.bool_]) -> Floats:
    """[C, C]: the mean of `values` about every place, of places within; 0 elsewhere."""
    weight = within.astype(np.float32)
    total = cv2.GaussianBlur(values * weight, (0, 0), _REGION)
    share = cv2.GaussianBlur(weight, (0, 0), _REGION)
    return np.asarray(np.where(within, total / np.maximum(share, 1e-3), 0), np.float32)


def colour_map(places: Places) -> Floats:
    """[C, C]: how far the colour about every place is apart, in CIELAB. It is averaged before it is measured: what
    glitters is apart this way and that, and another stone or metal one way."""
    parts = [region_map(np.ascontiguousarray(places.tints[..., part]), places.told) for part in range(3)]
    return np.asarray(np.linalg.norm(np.stack(parts), axis=0), np.float32)


def outline_apart(one: Mask, other: Mask) -> tuple[float, Floats]:
    """Intersection over union of the two, and for the places of either outline how far from the other's, in pixels."""
    first, second = one > 0.5, other > 0.5
    union = float((first | second).sum())
    overlap = float((first & second).sum()) / union if union else 0.0
    lines = [_outline(each) for each in (first, second)]
    if not all(line.any() for line in lines):
        return overlap, np.zeros(0, np.float32)
    to = [cv2.distanceTransform((~line).astype(np.uint8), cv2.DIST_L2, 3) for line in lines]
    return overlap, np.concatenate([to[1][lines[0]], to[0][lines[1]]]).astype(np.float32)


def _outline(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    eroded = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    return np.asarray(mask & ~eroded)


def _small(mask: Mask) -> Mask:
    return np.asarray(cv2.resize(mask, (CELLS, CELLS), interpolation=cv2.INTER_AREA), np.float32)


def _alike(one: Floats, other: Floats, down: int, across: int) -> Floats:
    """[C, C]: the cosine of every place of `other` and the place of `one` so far beside it; beyond the edge 0."""
    found = np.zeros((CELLS, CELLS), np.float32)
    there, here = _overlap(down), _overlap(-down)
    right, left = _overlap(across), _overlap(-across)
    found[here, left] = np.einsum("cij,cij->ij", one[:, there, right], other[:, here, left])
    return found


def _overlap(by: int) -> slice:
    return slice(max(by, 0), CELLS + min(by, 0))


def _colours(
    one: Canvas, other: Canvas, both: npt.NDArray[np.bool_], shift: Floats
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """The light's colour (3,), how far apart colours are in it [C, C, 3], and where that can be told.

    One factor a channel, in linear light, makes up for the light (von Kries): that which most of the piece has.
    """
    light = [_linear(each) for each in (one, other)]
    rows, columns = np.mgrid[:CELLS, :CELLS]
    there = (
        np.clip(rows + shift[..., 0], 0, CELLS - 1).astype(int),
        np.clip(columns + shift[..., 1], 0, CELLS - 1).astype(int),
    )
    light[0] = light[0][there]
    labs = [_lab(each) for each in light]
    told = both & np.logical_and.reduce([(lab[..., 0] > _DARK) & (lab[..., 0] < _BRIGHT) for lab in labs])
    if told.sum() < 20:
        return np.zeros(3, np.float32), np.zeros((CELLS, CELLS, 3), np.float32), np.zeros_like(told)
    factor = np.median(np.log(light[1][told] / light[0][told]), axis=0).astype(np.float32)
    lit = _lab(np.clip(light[0] * np.exp(factor), 1e-3, 1.0))
    apart = np.clip(lit - labs[1], -_CLIPPED, _CLIPPED)
    apart[..., 0] *= 0.25
    return factor, np.where(told[..., None], apart, 0).astype(np.float32), told


def _linear(canvas: Canvas) -> Floats:
    """uint8 sRGB [S, S, 3] -> linear light [C, C, 3] in 0.001..1."""
    encoded = cv2.resize(canvas, (CELLS, CELLS), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    smooth = np.asarray(cv2.GaussianBlur(encoded, (0, 0), 1.0), np.float32)
    return np.asarray(np.clip(smooth, 0.03, 1) ** 2.2, np.float32)


def _lab(linear: Floats) -> Floats:
    """CIELAB of linear sRGB, L 0..100."""
    return np.asarray(cv2.cvtColor((linear ** (1 / 2.2)).astype(np.float32), cv2.COLOR_RGB2LAB))
