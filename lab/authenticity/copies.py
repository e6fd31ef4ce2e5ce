"""Edited copies among 20,000 other pictures: is each found, and is nothing else taken for one?

The others are vectors drawn near those of rendered pictures: such a crowd can only push a picture out of the few that
are looked at closely, and those are pictures.
"""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from lab.authenticity.edits import EDITS, edited
from lab.authenticity.engine import Served

Vectors = npt.NDArray[np.float32]
OTHERS = 20_000
NEAREST = 6
"""Pictures that are looked at closely: the nearest to the query as it is, and to its mirror image."""
SPREAD = 0.35
"""How far a drawn vector lies from the one that it is drawn near, as the length of what is added to it."""
ASKED = tuple(EDITS)[:10]
"""The edits that must be found; the further ones are shown beside."""


@dataclass(frozen=True)
class Copy:
    """A query: the edit, the number of the picture that it was made of (-1: of none), and what was found: the number of
    each picture that was looked at closely and its probability."""

    edit: str
    of: int
    found: Sequence[tuple[int, float]]
    seconds: float


def crowd(vectors: Vectors, count: int, seed: int = 5) -> Vectors:
    """`count` unit vectors (count, d): near a random one of `vectors` each."""
    random = np.random.default_rng(seed)
    near = vectors[random.integers(len(vectors), size=count)]
    aside = random.standard_normal(near.shape).astype(np.float32)
    drawn = near + SPREAD * aside / np.linalg.norm(aside, axis=1, keepdims=True)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def looked_for(
    engine: Served, originals: Sequence[bytes], others: Sequence[bytes], names: Sequence[str], seed: int = 7
) -> list[Copy]:
    """Each of `originals` after each edit of `names`, then each of `others` as it is, looked for among `originals` and
    a crowd. `others` show other pieces, or the same in another photo: no copies."""
    vectors = np.stack([vector_of(engine, data) for data in originals])
    index = np.concatenate([vectors, crowd(vectors, OTHERS - len(vectors))])
    pictures = [opened(data) for data in originals]
    made: list[Copy] = []
    for number, picture in enumerate(pictures):
        beside = [pictures[(number + step) % len(pictures)] for step in (1, 2, 3)]
        for name in names:
            query = as_jpeg(edited(name, picture, seed + number, beside))
            made.append(_asked(engine, query, name, number, index, originals))
    made += [_asked(engine, data, "", -1, index, originals) for data in others]
    return made


def _asked(engine: Served, query: bytes, edit: str, of: int, index: Vectors, originals: Sequence[bytes]) -> Copy:
    turned = as_jpeg(ImageOps.mirror(opened(query)))
    asked = np.stack([vector_of(engine, query), vector_of(engine, turned)])
    nearest = np.argsort(-(asked @ index.T).max(0))[:NEAREST]
    close = [int(i) for i in nearest if i < len(originals)]
    began = time.perf_counter()
    checks = engine.copies(query, [originals[i] for i in close]) if close else []
    seconds = time.perf_counter() - began
    return Copy(edit, of, [(i, check.probability) for i, check in zip(close, checks, strict=True)], seconds)


def vector_of(engine: Served, data: bytes) -> Vectors:
    vector = np.asarray(engine.analyse.look(data).vector, np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def as_jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def micro_precision(made: Sequence[Copy]) -> tuple[float, float]:
    """Micro average precision over all that was found, most probable first, and the recall at 90% precision, as the
    Image Similarity Challenge counts them (Douze et al., 2021). A copy that was not looked at is missed."""
    pairs = sorted(((p, number == one.of) for one in made for number, p in one.found), key=lambda pair: -pair[0])
    copies = sum(one.of >= 0 for one in made)
    if not pairs or not copies:
        return 0.0, 0.0
    right = np.cumsum([hit for _, hit in pairs])
    precision = right / np.arange(1, len(pairs) + 1)
    hits = np.array([hit for _, hit in pairs])
    ends = np.append(np.diff([p for p, _ in pairs]) != 0, True)
    enough = precision[ends] >= 0.9
    recall = float(right[ends][enough].max() / copies) if enough.any() else 0.0
    return float(precision[hits].sum() / copies), recall


def found_share(made: Sequence[Copy], edit: str, least: float = 0.5) -> float:
    """Of the copies by `edit`, those found with a probability of `least` or more."""
    mine = [one for one in made if one.edit == edit]
    return sum(any(n == one.of and p >= least for n, p in one.found) for one in mine) / max(len(mine), 1)


def told_falsely(made: Sequence[Copy], least: float = 0.5) -> float:
    """Of the queries that are no copy, those taken for one."""
    mine = [one for one in made if one.of < 0]
    return sum(any(p >= least for _, p in one.found) for one in mine) / max(len(mine), 1)
