"""Items that shoppers take up together: the learned model as it is stored, loaded and asked."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson

from services.recommender.together_counting import Counts

NAME = "together"
_MAGIC = b"loupe-together-1"
_HEADER = struct.Struct("<16sQ")
_ALIGNED = 8
_HALF_A_SCORE = 3.0
"""The count at which a score is a half: of three shoppers who took up the item right after the last seed."""
_SEEDS = 50


@dataclass(frozen=True, slots=True)
class Companion:
    """An item that goes with the seeds. `score` in 0..1, higher is better; `because` is the seed that counts most."""

    sku: str
    score: float
    because: str


class Companions:
    """A learned model, read where it lies: loading copies nothing, whatever its size.

    Raises ValueError for bytes that `pack` did not make.
    """

    def __init__(self, held: bytes) -> None:
        self.held = held
        if len(held) < _HEADER.size or not held.startswith(_MAGIC):
            raise ValueError("these bytes are no model of companions, or one of another version")
        _, size = _HEADER.unpack_from(held)
        try:
            told = orjson.loads(held[_HEADER.size : _HEADER.size + size])
            self.until: float = told["until"]
            self._fading: float = told["fading"]
            at = _aligned(_HEADER.size + size)
            arrays = []
            for kind, length in told["arrays"]:
                arrays.append(np.frombuffer(held, kind, length, at))
                at = _aligned(at + arrays[-1].nbytes)
            self._names, self._name_ends, self._start, self._item, self._count = arrays
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this model of companions is damaged: {error}") from error

    def __len__(self) -> int:
        """How many items it knows."""
        return len(self._name_ends)

    def of(self, seeds: Sequence[tuple[str, float]], limit: int) -> list[Companion]:
        """The best `limit` companions of the seeds, which are none of them. Seeds it does not know count nothing."""
        known = [
            (item, weight * self._fading**back, sku)
            for back, (sku, weight) in enumerate(seeds[:_SEEDS])
            if (item := self._number(sku)) is not None and weight > 0
        ]
        spans = [slice(int(self._start[item]), int(self._start[item + 1])) for item, _, _ in known]
        if not spans or limit <= 0:
            return []
        items = np.concatenate([self._item[span] for span in spans])
        parts = np.concatenate(
            [self._count[span].astype(np.float32) * weight for span, (_, weight, _) in zip(spans, known, strict=True)]
        )
        seed_of = np.repeat(np.arange(len(spans)), [span.stop - span.start for span in spans])
        order = np.lexsort((-parts, items))
        items, parts, seed_of = items[order], parts[order], seed_of[order]
        first = np.flatnonzero(np.diff(items, prepend=-1))
        if not len(first):
            return []
        candidates, totals, because = items[first], np.add.reduceat(parts, first), seed_of[first]
        totals[np.isin(candidates, [item for item, _, _ in known])] = 0
        best = np.lexsort((candidates, -totals))[:limit]
        return [
            Companion(self._name(candidates[n]), float(totals[n] / (totals[n] + _HALF_A_SCORE)), known[because[n]][2])
            for n in best
            if totals[n] > 0
        ]

    def _name(self, item: int) -> str:
        start = int(self._name_ends[item - 1]) if item else 0
        return self._names[start : int(self._name_ends[item])].tobytes().decode()

    def _number(self, sku: str) -> int | None:
        """By halving: a dictionary of a million names would take 100 MB and seconds to fill."""
        low, high = 0, len(self._name_ends)
        wanted = sku.encode()
        while low < high:
            middle = (low + high) // 2
            start = int(self._name_ends[middle - 1]) if middle else 0
            name = self._names[start : int(self._name_ends[middle])].tobytes()
            if name == wanted:
                return middle
            low, high = (middle + 1, high) if name < wanted else (low, middle)
        return None


def pack(skus: Sequence[str], counts: Counts, fading: float, until: float) -> bytes:
    """The model as bytes. `skus` are sorted by their bytes; `until` is when the last act it knows was, in days.

    Of several seeds each counts `fading` times the one after it.
    """
    names = [sku.encode() for sku in skus]
    arrays: list[npt.NDArray[np.generic]] = [
        np.frombuffer(b"".join(names), np.uint8),
        np.cumsum([len(name) for name in names], dtype=np.uint32),
        counts.start.astype(np.uint32),
        counts.item.astype(np.uint32),
        np.minimum(counts.count, np.finfo(np.float16).max).astype(np.float16),
    ]
    told = orjson.dumps(
        {"until": until, "fading": fading, "arrays": [[array.dtype.str, len(array)] for array in arrays]}
    )
    out = bytearray(_HEADER.pack(_MAGIC, len(told)) + told)
    for array in arrays:
        out += bytes(_aligned(len(out)) - len(out)) + array.tobytes()
    return bytes(out)


class Together:
    """The companions of each tenant's items, by the model in use.

    `active` gives its bytes: the very same object until another is in use.
    """

    def __init__(self, active: Callable[[str, str], bytes | None]) -> None:
        self._active = active
        self._read: dict[str, Companions] = {}

    def companions(self, tenant: str, seeds: Sequence[tuple[str, float]], limit: int) -> list[Companion]:
        """The best companions of `seeds`: SKU and weight in 0..1, the most recent first; later ones fade.

        Nothing where no model was learned yet.
        """
        held = self._active(tenant, NAME)
        if held is None:
            self._read.pop(tenant, None)
            return []
        model = self._read.get(tenant)
        if model is None or model.held is not held:
            model = self._read[tenant] = Companions(held)
        return model.of(seeds, limit)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED
