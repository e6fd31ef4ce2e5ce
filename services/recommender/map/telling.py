"""The map as it is told: the items that are in the index now, each where it lies or beside what it is like."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from services.recommender.index import Index, Pinned
from services.recommender.learned import LearnedModels
from services.recommender.map.held import Held, unpack
from services.recommender.map.layout import Floats, beside
from services.recommender.map.reading import Seen, read
from shared.contracts.catalogue_map import MAP_SIDE, CatalogueMap
from shared.vectorstore import Payload

NAME = "map"
_MARGIN = 0.02
_READ_AGAIN_TIMES_ITS_COST = 10
_DAY = 86_400
_KEPT_MAPS = 20


@dataclass(frozen=True)
class Standing:
    """A map over the index as it is. `strayed`: items that are not where they were laid out, or left."""

    key: tuple[str, str, int]
    read_at: float
    cost: float
    map: CatalogueMap
    json: bytes
    places: dict[str, tuple[float, float]]
    strayed: int

    @property
    def items(self) -> int:
        return len(self.map.skus)


class Maps:
    """The maps of all tenants, kept until the index changes. Safe to call from several threads."""

    def __init__(self, index: Index, models: LearnedModels) -> None:
        self._index = index
        self._models = models
        self._lock = threading.Lock()
        self._kept: dict[str, Standing] = {}

    def json(self, tenant: str) -> bytes:
        """The `CatalogueMap`. Whoever asks first has it made."""
        standing = self.standing(tenant)
        if standing is not None:
            return standing.json
        self._models.want(tenant, NAME)
        with self._index.pin() as pinned:
            empty = pinned.vectors.count(tenant) == 0
        return CatalogueMap(state="empty" if empty else "making").model_dump_json().encode()

    def standing(self, tenant: str) -> Standing | None:
        """The map as of now, or of a moment ago while much is written; None where none of this model is made."""
        packed = self._models.active(tenant, NAME)
        if packed is None:
            return None
        with self._index.pin() as pinned:
            # Read before the index is: what is written meanwhile makes another generation.
            key = pinned.name, pinned.vectors.generation(tenant), id(packed)
            kept = self._kept.get(tenant)
            if kept and (kept.key == key or (kept.key[2] == key[2] and kept.key[0] == key[0] and _fresh(kept))):
                return kept
            with self._lock:
                kept = self._kept.get(tenant)
                if kept and kept.key == key:
                    return kept
                held = unpack(packed)
                if held.model != pinned.model.version:
                    return None
                standing = self._kept[tenant] = _stand(pinned, tenant, held, key)
                while len(self._kept) > _KEPT_MAPS:
                    self._kept.pop(next(iter(self._kept)))
                return standing


def _fresh(kept: Standing) -> bool:
    return time.monotonic() - kept.read_at < max(1.0, _READ_AGAIN_TIMES_ITS_COST * kept.cost)


def _stand(pinned: Pinned, tenant: str, held: Held, key: tuple[str, str, int]) -> Standing:
    began = time.monotonic()
    seen = read(pinned, tenant, held.basis)
    at = {(sku, look): row for row, (sku, look) in enumerate(zip(held.skus, held.looks, strict=True))}
    rows = np.array([at.get(each, -1) for each in zip(seen.skus, seen.looks, strict=True)], dtype=np.intp)
    flat = framed(held.places)
    places = np.zeros((len(rows), 2), dtype=np.float32)
    places[rows >= 0] = flat[rows[rows >= 0]]
    if (rows < 0).any():
        places[rows < 0] = beside(seen.vectors[rows < 0], held.vectors, flat)
    told = _told(seen, places, len(held.skus))
    now = time.monotonic()
    return Standing(
        key=key,
        read_at=now,
        cost=now - began,
        map=told,
        json=told.model_dump_json().encode(),
        places=dict(zip(seen.skus, [(float(x), float(y)) for x, y in places], strict=True)),
        strayed=int((rows < 0).sum()) + len(held.skus) - int((rows >= 0).sum()),
    )


def framed(places: Floats) -> Floats:
    """In 0..65,535 with a margin, as wide as high."""
    low, high = places.min(axis=0), places.max(axis=0)
    scale = MAP_SIDE * (1 - 2 * _MARGIN) / max(float((high - low).max()), 1e-9)
    return np.asarray((places - (low + high) / 2) * scale + MAP_SIDE / 2, dtype=np.float32)


def _told(seen: Seen, places: Floats, laid_out: int) -> CatalogueMap:
    rounded = np.clip(places.round(), 0, MAP_SIDE).astype(int)
    currencies = Counter(one["currency"] for one in seen.payloads if one.get("currency"))
    currency = currencies.most_common(1)[0][0] if currencies else None
    types, type_ = _numbered(seen.payloads, "type")
    metals, metal = _numbered(seen.payloads, "metal")
    return CatalogueMap.model_construct(
        state="ready" if seen.skus else "empty",
        made_at=datetime.now(UTC),
        kept_together=None,
        laid_out=laid_out,
        skus=seen.skus,
        x=rounded[:, 0].tolist(),
        y=rounded[:, 1].tolist(),
        types=types,
        type=type_,
        metals=metals,
        metal=metal,
        currency=currency,
        price=[one["price"] if one.get("currency") == currency else None for one in seen.payloads],
        day=[int((one.get("created_ts") or 0) // _DAY) for one in seen.payloads],
    )


def _numbered(payloads: Sequence[Payload], name: str) -> tuple[list[str], list[int]]:
    """The values, the most frequent first, and of each item the number of its value."""
    counted = Counter(one[name] for one in payloads if one.get(name))
    values = [value for value, _ in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))]
    at = {value: number for number, value in enumerate(values)}
    return values, [at.get(one.get(name) or "", -1) for one in payloads]
