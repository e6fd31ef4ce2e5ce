"""What a shop searches for, brought into one form: its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.query_vectors import Photo
from shared.contracts.internal import Filters
from shared.contracts.search import QueryPart, SearchQuery
from shared.errors import InvalidInput

_LISTS = ("type", "metal", "stone", "cut", "setting", "brand")


@dataclass(frozen=True)
class Query:
    """`parts` say all that is searched by, each with the path of where it was said; `photos` are those they name."""

    said: SearchQuery
    photos: Sequence[Photo]
    parts: Sequence[tuple[str, QueryPart]]

    @property
    def scope(self) -> tuple[str, ...]:
        """What a cursor of this query counts for."""
        parts = (part.model_dump_json(exclude_defaults=True) for _, part in self.parts)
        rest = self.said.model_dump_json(include={"filters", "ignore", "diversity", "user_id"}, exclude_defaults=True)
        return (*(photo.sha256 for photo in self.photos), *parts, rest)


def query_of(said: SearchQuery, photos: Sequence[Photo], root: str) -> Query:
    """`root` is the path of what was said. Raises `InvalidInput` for parts and photos that do not fit together."""
    if said.every_piece and len(photos) != 1:
        raise _refused(f"{root}.every_piece", f"every_piece is of one picture, and there are {len(photos)}. Send one.")
    parts = _parts(said, len(photos), root)
    if parts and all(part.negative for _, part in parts):
        raise _refused(f"{root}.parts", "All parts are negative. Say what it is to be like, too.")
    named = {part.image for _, part in parts}
    for path, part in parts:
        if part.image is not None and part.image >= len(photos):
            raise _refused(
                f"{path}.image",
                f"There is no picture {part.image}: the request has {len(photos)}. Send pictures as parts named "
                "'image' of a multipart form; they are numbered from 0.",
            )
    for number in range(len(photos)):
        if number not in named:
            raise _refused(f"{root}.parts", f"No part names picture {number}. Name it, or leave it away.")
    return Query(said, photos, parts)


def _parts(said: SearchQuery, pictures: int, root: str) -> list[tuple[str, QueryPart]]:
    if said.parts:
        return [(f"{root}.parts.{number}", _plain(part)) for number, part in enumerate(said.parts)]
    if pictures != 1 and (said.box is not None or said.piece is not None):
        field = "box" if said.box else "piece"
        raise _refused(f"{root}.{field}", f"A {field} is of the only picture, and there are {pictures}. Use parts.")
    of_pictures = [QueryPart(image=number, box=said.box, piece=said.piece) for number in range(pictures)]
    of_words = [QueryPart(words=said.words)] if said.words else []
    return [(root, _plain(part)) for part in (*of_pictures, *of_words)]


def _plain(part: QueryPart) -> QueryPart:
    """Piece 0 is the one that is meant when none is named."""
    return part.model_copy(update={"piece": None}) if part.piece == 0 else part


def both(ours: Filters, theirs: Filters) -> Filters | None:
    """What passes both; None when nothing can. Of tags, which an item may have several of, only one may tell."""
    merged = ours.model_dump() | {"exclude_skus": [*dict.fromkeys((*ours.exclude_skus, *theirs.exclude_skus))]}
    merged["without"] = {
        name: [*dict.fromkeys((*ours.without.get(name, ()), *theirs.without.get(name, ())))]
        for name in ours.without | theirs.without
    }
    for name in (*_LISTS, "tags"):
        one, other = getattr(ours, name), getattr(theirs, name)
        merged[name] = one if other is None else other if one is None else [each for each in one if each in other]
        if merged[name] == [] and one and other:
            return None
    for name, stricter in (("price_min", max), ("price_max", min), ("created_after", max)):
        given = [value for value in (getattr(ours, name), getattr(theirs, name)) if value is not None]
        merged[name] = stricter(given) if given else None
    stocks = {value for value in (ours.in_stock, theirs.in_stock) if value is not None}
    if len(stocks) > 1 or (merged["price_min"] or 0) > (merged["price_max"] or float("inf")):
        return None
    return Filters(**merged | {"in_stock": next(iter(stocks), None)})


def _refused(path: str, told: str) -> InvalidInput:
    return InvalidInput(told, errors=[{"path": path, "message": told}])
