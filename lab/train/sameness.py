"""What a cosine means: P(same piece), P(similar style), and the cosine below which the best hit is not the piece."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from lab.datasets import Record
from lab.models.port import Vectors
from lab.statistics import Bools, Floats
from shared.contracts.models import RIVALS, Probability
from shared.contracts.models import Sameness as Same

MISSED_MATCHES = 0.05
GALLERY = ("samepiece", "mundobijou", "typeshops", "jewellery-classification")
FLATTEST = 1.0
"""Probabilities rise at least so steeply: they keep the order of cosines."""
ABSENT = -2.0
"""The cosine of what is not in a gallery."""
_ItemNames = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries and the `RIVALS` best items of each: `cosine` float and `same` bool [Q, RIVALS], falling cosines.

    `there` bool [Q]: the piece is in the gallery. Each photograph is asked twice, with its piece there and without, so
    half of all queries are of a piece that is not there.
    """

    cosine: Floats
    same: Bools
    there: Bools

    def chances(self, same: Same) -> Floats:
        """P(same piece) of each item, [Q, RIVALS]."""
        rows = [list(map(same.among(cosines), cosines)) for cosines in self.cosine.tolist()]
        return np.array(rows).reshape(self.cosine.shape)


@dataclass(frozen=True, slots=True)
class Sameness:
    """What is stored with the model."""

    same: Same
    style: Probability | None
    no_match_below: float
    look_at_least: float


def fit(rows: Sequence[Record], vectors: Vectors, seen: str) -> Sameness:
    """Chosen on val, and on the train pictures that the embedding did not learn from.

    `seen`: the embedding's training sources, `clean`, `all` or empty. Shops and renders weigh the same.
    """
    learned = {"clean": ("renders",), "": ()}.get(seen, ("renders", "shops"))
    groups = []
    for kind in ("shops", "renders"):
        splits = ("val",) if kind in learned else ("val", "train")
        groups.append([found for split in splits if len((found := asked(rows, vectors, split, kind)).there)])
    every = [
        Asked(*(np.concatenate([getattr(one, name) for one in group]) for name in ("cosine", "same", "there")))
        for group in groups
        if group
    ]
    best = np.concatenate([one.cosine[one.there, 0] for one in every])
    weights = np.concatenate([np.full(int(one.there.sum()), 1 / one.there.sum()) for one in every])
    below = math.floor(_quantile(best, weights, MISSED_MATCHES) * 100) / 100
    style = logistic(*pairs_of_styles(rows, vectors, "val"))
    look = -style.offset / style.slope if style else 0.6
    return Sameness(softmax(every), style, below, round(min(max(look, 0.0), 0.99), 4))


def asked(rows: Sequence[Record], vectors: Vectors, split: str, kind: str) -> Asked:
    """Of `shops`: samepiece among real pictures of the split. Of `renders`: our designs, near-twins among them."""
    if kind == "shops":
        gallery = [n for n, row in enumerate(rows) if row.split == split and row.collection in GALLERY]
        queries = {n for n in gallery if rows[n].collection == "samepiece"}
    else:
        gallery = [n for n, row in enumerate(rows) if row.split == split and row.licence == "own render"]
        queries = set(gallery)
    items: _ItemNames = np.array([rows[n].item_id if n in queries else rows[n].sha256 for n in gallery])
    lines = []
    for place, number in enumerate(gallery):
        if number not in queries:
            continue
        near = vectors[gallery] @ vectors[number]
        near[place] = ABSENT
        own = items == items[place]
        for there in (True, False):
            if not there or own.sum() > 1:
                cosine, best = _best_items(near if there else np.where(own, ABSENT, near), items)
                lines.append((cosine, best == items[place], there))
    if not lines:
        return Asked(np.zeros((0, RIVALS)), np.zeros((0, RIVALS), np.bool_), np.zeros(0, np.bool_))
    cosines, same, there_ = zip(*lines, strict=True)
    return Asked(np.array(cosines), np.array(same), np.array(there_))


def softmax(groups: Sequence[Asked]) -> Same:
    """The slope and offset of lowest mean negative log likelihood: of the piece, or of "none" where it is not found."""

    def loss(values: npt.NDArray[np.float64]) -> float:
        slope, offset = values
        total = 0.0
        for one in groups:
            logits = np.hstack([np.full((len(one.there), 1), -offset), slope * one.cosine])
            logits -= logits.max(axis=1, keepdims=True)
            chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            right = np.where(one.same.any(axis=1), (chances[:, 1:] * one.same).sum(axis=1), chances[:, 0])
            total -= float(np.log(right + 1e-12).mean())
        return total

    slope, offset = minimize(loss, [8.0, -4.0], method="Nelder-Mead", bounds=[(FLATTEST, 100), (-100, 100)]).x
    return Same(slope=round(float(slope), 3), offset=round(float(offset), 3))


def pairs_of_styles(rows: Sequence[Record], vectors: Vectors, split: str) -> tuple[Floats, Bools, Floats]:
    """Pairs of pictures of two pieces: cosine, whether they are of one style, and the weight of the pair.

    RingFIR's pictures of the split among shops' pictures, by their class, and our renders of the split among one
    picture of each other design, by their kind; of each picture the nearest `2 * RIVALS`. Both weigh the same.
    """
    of_split = np.array([row.split == split for row in rows])
    renders = np.array([row.licence == "own render" for row in rows])
    ringfir = np.array([row.collection == "ringfir" for row in rows])
    shops = np.array([row.collection in GALLERY for row in rows])
    known = np.array([row.split in ("train", split) for row in rows])
    of_each = {rows[n].item_id: n for n in np.flatnonzero(renders & known).tolist()}
    asked_in = (
        (np.flatnonzero(of_split & ringfir), np.flatnonzero(of_split & (ringfir | shops))),
        (np.flatnonzero(of_split & renders), np.array(list(of_each.values()), np.intp)),
    )
    pieces = np.array([row.item_id or row.sha256 for row in rows])
    styles = np.array([f"{row.type} {row.style}" if row.style else row.sha256 for row in rows])
    cosines, alike, weights = [], [], []
    for queries, gallery in asked_in:
        near = vectors[queries] @ vectors[gallery].T
        near[pieces[queries][:, None] == pieces[gallery]] = ABSENT
        best = np.argsort(-near, axis=1)[:, : 2 * RIVALS]
        cosines.append(np.take_along_axis(near, best, axis=1).ravel())
        alike.append((styles[gallery][best] == styles[queries][:, None]).ravel())
        weights.append(np.full(best.size, 1 / max(best.size, 1)))
    return np.concatenate(cosines), np.concatenate(alike), np.concatenate(weights)


def logistic(cosine: Floats, alike: Bools, weight: Floats) -> Probability | None:
    """Platt 1999; None where all pairs are alike or none is."""
    if alike.all() or not alike.any():
        return None
    model = LogisticRegression(C=1e6, max_iter=1_000).fit(cosine[:, None], alike, sample_weight=weight / weight.mean())
    slope = max(float(model.coef_[0, 0]), FLATTEST)
    return Probability(slope=round(slope, 3), offset=round(float(model.intercept_[0]), 3))


def best_cosines(rows: Sequence[Record], vectors: Vectors, split: str) -> Floats:
    """Of pictures of things that are no jewelry: the best cosine among the split's real pictures."""
    gallery = [n for n, row in enumerate(rows) if row.split == split and row.collection in GALLERY]
    others = [n for n, row in enumerate(rows) if row.split == split and row.type == "not-jewelry"]
    return np.asarray((vectors[others] @ vectors[gallery].T).max(axis=1, initial=ABSENT))


def _best_items(near: Vectors, items: _ItemNames) -> tuple[list[float], _ItemNames]:
    """The best cosine of each of the best items, and their names; `ABSENT` and "" where there are fewer."""
    best: dict[str, float] = {}
    for place in np.argsort(-near).tolist():
        if len(best) == RIVALS or near[place] <= ABSENT:
            break
        best.setdefault(str(items[place]), float(near[place]))
    missing = RIVALS - len(best)
    return [*best.values(), *[ABSENT] * missing], np.array([*best, *[""] * missing])


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(weights[order].cumsum() / weights.sum(), share)])
