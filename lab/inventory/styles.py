"""How right and how steady styles are, on renders whose designs are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import adjusted_rand_score

from lab.datasets import Record
from services.embedder.heads import Heads
from services.inventory.looks import Facts, Pieces, View
from services.inventory.styles.grouping import Similar
from services.inventory.styles.seen import Made, Seen, made_of, named, similarity
from shared.contracts.fields import Vector
from shared.contracts.models import Model

CHANGED = 0.10
"""Of the pieces are taken away, and as many new ones come, from one night to the next."""
NIGHTS = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """`families`: adjusted Rand index against families of near-twins, over their members; `designs`: against type and
    kind of design, over all pieces in a style. `in_style`: the share of pieces that are of one; `between`: of two.
    `together`: the share of families whose members all are of one style. Over nights, `stable`: of the pieces that
    stayed, the share that kept its style; `ids_kept`: of the styles, those that go on under their id."""

    pieces: int
    styles: int
    in_style: float
    families: float
    designs: float
    together: float
    between: float
    stable: float
    ids_kept: float


def shop_of(
    records: Sequence[Record], rows: Vector, dimension: int, heads: Heads, tags: Mapping[str, Sequence[str]]
) -> Seen:
    """The pieces of these pictures as the inventory sees them: what the model knows, and the shop's tags, if any."""
    views = []
    for record, row in zip(records, rows, strict=True):
        vector = row[:dimension] / max(float(np.linalg.norm(row[:dimension])), 1e-9)
        known = {str(name): found.value for name, found in heads.predict(row).items() if found}
        views.append(View(record.item_id, record.path.stem, np.asarray(vector, np.float32), known))
    pieces = Pieces(views)
    facts = {sku: Facts(None, {}, told) for sku, told in tags.items()}
    return Seen(pieces, [pieces.known(place) for place in range(len(pieces.skus))], facts)


def measured(seen: Seen, truth: Mapping[str, Record], model: Model, seed: int = 5) -> Figures:
    """One run over all pieces, then nights on which a tenth of them change."""
    similar = similarity(model)
    made = made_of(seen, {}, similar)
    first = first_of(made)
    family = [truth[sku].family for sku in seen.skus]
    design = [f"{truth[sku].type} {truth[sku].style}" for sku in seen.skus]
    of_family = np.array([bool(name) for name in family])
    alone = np.where(first < 0, 10_000 + np.arange(len(first)), first)
    inside = first >= 0
    stable, ids_kept = steadiness(seen, model, seed)
    return Figures(
        pieces=len(first),
        styles=len(set(first[inside].tolist())),
        in_style=float(inside.mean()),
        families=_index(np.array(family)[of_family], alone[of_family]),
        designs=_index(np.array(design)[inside], first[inside]),
        together=_together(family, alone),
        between=float(np.mean([len(told) == 2 for told in made.shares])),
        stable=stable,
        ids_kept=ids_kept,
    )


def steadiness(seen: Seen, model: Model, seed: int) -> tuple[float, float]:
    """Night after night a tenth of the pieces make way for others; the share that keeps its style, and of styles the
    share that goes on under its id."""
    random = np.random.default_rng(seed)
    similar = similarity(model)
    order = random.permutation(len(seen.skus))
    there, outside = order[: round(0.8 * len(order))], list(order[round(0.8 * len(order)) :])
    before, ids = _night(seen, there, {}, similar)
    kept, styles_kept = [], []
    for night in range(NIGHTS):
        gone = random.permutation(len(there))[: round(CHANGED * len(there))]
        came = [outside.pop(0) for _ in range(min(len(gone), len(outside)))]
        outside += there[gone[: len(came)]].tolist()
        there = np.concatenate([np.delete(there, gone[: len(came)]), np.array(came, np.int64)])
        after, now = _night(seen, there, before, similar, f"{night}-")
        both = ids.keys() & now.keys()
        kept.append(np.mean([ids[sku] == now[sku] for sku in both]))
        styles_kept.append(len(before.keys() & after.keys()) / max(1, len(before)))
        before, ids = after, now
    return float(np.mean(kept)), float(np.mean(styles_kept))


def first_of(made: Made) -> npt.NDArray[np.int64]:
    """Of each piece the group that it is of before any other, -1 for none."""
    return np.array([told[0].group if told else -1 for told in made.shares], np.int64)


def examples(seen: Seen, made: Made, count: int = 12) -> list[tuple[str, int]]:
    """The names of the largest styles, and how many pieces each has."""
    found = [(name, len(made.members(group))) for group, name in enumerate(named(seen, made)) if name]
    return sorted(found, key=lambda one: -one[1])[:count]


def _night(
    seen: Seen,
    there: npt.NDArray[np.int64],
    before: Mapping[str, Sequence[str]],
    similar: Similar,
    fresh: str = "",
) -> tuple[dict[str, list[str]], dict[str, str]]:
    skus = {seen.skus[place] for place in there.tolist()}
    pieces = Pieces([view for view in seen.pieces.views if view.sku in skus])
    known = dict(zip(seen.skus, seen.known, strict=True))
    shop = Seen(pieces, [known[sku] for sku in pieces.skus], seen.facts)
    made = made_of(shop, before, similar)
    ids = [name or f"{fresh}{group}" for group, name in enumerate(made.ids)]
    of_piece = {sku: ids[group] for sku, group in zip(shop.skus, first_of(made).tolist(), strict=True) if group >= 0}
    styles: dict[str, list[str]] = {}
    for sku, name in of_piece.items():
        styles.setdefault(name, []).append(sku)
    return styles, of_piece


def _together(family: Sequence[str], groups: npt.NDArray[np.int64]) -> float:
    names = sorted(set(family) - {""})
    whole = [len({groups[place] for place, name in enumerate(family) if name == one}) == 1 for one in names]
    return float(np.mean(whole)) if whole else 0.0


def _index(truth: npt.NDArray[np.str_], groups: npt.NDArray[np.int64]) -> float:
    return float(adjusted_rand_score(truth, groups)) if len(truth) else 0.0
