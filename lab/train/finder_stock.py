"""What the finder's training scenes are made of: whole pictures with masks, pieces cut out, grounds without jewelry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage
from skimage import data

from lab.datasets import Mask, Record, piece_masks
from lab.datasets.rows import to_record
from services.embedder.decode import decode
from services.embedder.prepare import scale

Levels = npt.NDArray[np.uint8]
SIDE = 256
"""Pixels: nothing is kept larger."""
FREE_PICTURES = ("astronaut", "brick", "camera", "chelsea", "coffee", "grass", "gravel", "hubble_deep_field", "rocket")
"""Names in `skimage.data`, whose documentation says of each that it is CC0 or in the public domain."""
WHITE_BORDER = 0.97
"""Share of the border within 16 levels of white, from which on a picture counts as one on white."""
INK = 45
"""Levels below white, in the darkest channel, from which on a pixel is of the piece and no shadow."""
HOLE = 0.006
"""Of the picture: a hole in the piece that is smaller is a highlight or a white stone."""
SPECK = 0.03
"""Of the ink: a part that is smaller is writing or dust."""
RAGGED = 0.72
"""Share of its closed outline that a mask fills at least; where it does not, the piece is as white as the ground."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`rgb` uint8 [H, W, 3]; `labels` uint8 [H, W]: 0 is the ground, k the k-th piece."""

    rgb: Levels
    labels: Levels


@dataclass(slots=True)
class Stock:
    """`shop_...` are photographs on white, `worn` hands with rings, `grounds` without jewelry, the rest renders.

    `trays` are the renders of several pieces, and in `scenes` too.

    Cutouts are RGBA, tight; beyond the alpha the colours go on, so that scaling draws no old ground in."""

    scenes: list[Scene] = field(default_factory=list)
    trays: list[Scene] = field(default_factory=list)
    cutouts: list[Image.Image] = field(default_factory=list)
    shop_scenes: list[Scene] = field(default_factory=list)
    shop_cutouts: list[Image.Image] = field(default_factory=list)
    grounds: list[Levels] = field(default_factory=list)
    worn: list[Scene] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    """sha256 of every picture within."""

    def sha256(self) -> str:
        """What tells this training data from any other."""
        return hashlib.sha256("\n".join(sorted(self.sources)).encode()).hexdigest()


def rendered(folder: Path) -> list[Record]:
    """The finished renders of a set that may still be growing. Raises `SystemExit` where there is none."""
    records = []
    for path in sorted((folder / "rows").glob("*.json")):
        record, wrong = to_record(json.loads(path.read_text()), folder)
        if record is None:
            raise SystemExit(f"{path} is no row of a render: {'; '.join(wrong)}. Remove it and render again.")
        records.append(record)
    if not records:
        raise SystemExit(f"There are no renders in {folder}. Make some: make renders N=1000")
    return records


def stock(renders: Iterable[Record], on_white: Iterable[Record] = ()) -> Stock:
    """Scenes and cutouts of renders, and cutouts of photographs on white (one piece a picture)."""
    made = Stock()
    for record in renders:
        masks = piece_masks(record)
        if not any(mask.any() for mask in masks):
            continue
        rgb = read(record)
        shown = Scene(rgb, labels_of(masks, rgb.shape[:2]))
        made.scenes.append(shown)
        if len(masks) > 1:
            made.trays.append(shown)
        if (bare := without_pieces(shown)) is not None:
            made.grounds.append(bare)
        made.cutouts += [cut(rgb, mask) for mask in masks if mask.sum() >= 60 and not _at_border(mask)]
        made.sources.append(record.sha256)
    for record in on_white:
        rgb = read(record)
        mask = mask_on_white(rgb)
        if mask is not None:
            made.shop_scenes.append(Scene(rgb, mask.astype(np.uint8)))
            made.shop_cutouts.append(cut(rgb, mask))
            made.sources.append(record.sha256)
    return made


def add_real(made: Stock, hands: Iterable[Record], without_jewelry: Iterable[Record]) -> None:
    """Hands with coarse masks of their rings, a piece a connected part; and pictures without jewelry."""
    for record in hands:
        masks = piece_masks(record)
        if not masks or masks[0].sum() <= 500:
            continue
        rgb = np.asarray(decode(record.path.read_bytes(), SIDE).rgb)
        parts, count = ndimage.label(masks[0])
        sizes = ndimage.sum_labels(masks[0], parts, range(1, count + 1))
        keep = [parts == place + 1 for place in range(count) if sizes[place] >= 100]
        if not keep:
            continue
        made.worn.append(Scene(rgb, labels_of(keep, rgb.shape[:2])))
        made.sources.append(record.sha256)
    for record in without_jewelry:
        made.grounds.append(read(record))
        made.sources.append(record.sha256)


def without_pieces(shown: Scene, windows: int = 16) -> Levels | None:
    """A square window of at least a third of the picture that shows no piece, or None; always the same one."""
    random = np.random.default_rng(5)
    taken = ndimage.binary_dilation(shown.labels > 0, iterations=3)
    shorter = min(taken.shape)
    for _ in range(windows):
        side = int(shorter * random.uniform(0.33, 0.6))
        top, left = (int(random.integers(0, length - side + 1)) for length in taken.shape)
        if not taken[top : top + side, left : left + side].any():
            return shown.rgb[top : top + side, left : left + side].copy()
    return None


def add_free_pictures(made: Stock) -> None:
    """The pictures without jewelry that come with scikit-image."""
    for name in FREE_PICTURES:
        rgb = np.asarray(scale(Image.fromarray(getattr(data, name)()).convert("RGB"), SIDE))
        made.grounds.append(rgb)
        made.sources.append(hashlib.sha256(rgb.tobytes()).hexdigest())


def read(record: Record) -> Levels:
    picture = decode(record.path.read_bytes(), SIDE).rgb
    return np.asarray(scale(picture, SIDE) if max(picture.size) > SIDE else picture)


def labels_of(masks: Sequence[Mask], shape: tuple[int, ...]) -> Levels:
    labels = np.zeros(shape, np.uint8)
    for number, mask in enumerate(masks, 1):
        labels[mask] = number
    return labels


def mask_on_white(rgb: Levels) -> Mask | None:
    """The piece of a picture on white, without its shadow; None where the ground is not white or nothing stands out."""
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    if (border.min(axis=1) >= 239).mean() < WHITE_BORDER:
        return None
    ink = np.asarray(255 - rgb.min(axis=2) > INK)
    mask = ndimage.binary_closing(np.pad(ink, 2))[2:-2, 2:-2]
    mask = _large_parts(mask, SPECK * float(mask.sum()))
    mask = ~_large_parts(~mask, HOLE * mask.size)
    whole = ndimage.binary_closing(np.pad(mask, 4), iterations=3).sum()
    ragged = mask.sum() < RAGGED * whole
    return None if ragged or not 0.02 < mask.mean() < 0.8 else mask


def _large_parts(mask: Mask, least: float) -> Mask:
    """The connected parts of at least `least` pixels."""
    parts, count = ndimage.label(mask, np.ones((3, 3)))
    sizes = np.append(0, ndimage.sum_labels(mask, parts, range(1, count + 1)))
    return np.asarray(sizes[parts] >= max(least, 1))


def cut(rgb: Levels, mask: Mask) -> Image.Image:
    """The piece as RGBA, with a margin of 2 pixels where there is room."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    window = np.s_[max(0, rows[0] - 2) : rows[-1] + 3, max(0, columns[0] - 2) : columns[-1] + 3]
    nearest = ndimage.distance_transform_edt(~mask[window], return_distances=False, return_indices=True)
    spread = rgb[window][tuple(nearest)]
    alpha = (mask[window] * 255).astype(np.uint8)
    return Image.fromarray(np.dstack([spread, alpha]))


def _at_border(mask: Mask) -> bool:
    """Whether the frame cuts much of the piece off: what is pasted elsewhere must have its own outline."""
    return int(mask[0].sum() + mask[-1].sum() + mask[:, 0].sum() + mask[:, -1].sum()) > 12
