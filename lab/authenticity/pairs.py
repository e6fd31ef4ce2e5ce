"""What is claimed in the lab: this photo shows the piece of that registered picture; with the truth of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageFilter

from lab.authenticity.families import PAIRS

Truth = Literal["same", "other", "unknowable"]
"""Of a claim: the very design, another one, or a photo by which nobody could say."""
SAME, WORN, OTHER_DESIGN, TWO = "same piece", "same piece, worn", "quite another design", "two at once"
OTHER_SIDE = "other side"
REAL_SAME, REAL_NEAREST, REAL_OTHERS = (
    "real photos of one piece",
    "real photos of two pieces that look alike",
    "real photos of any two pieces",
)


@dataclass(frozen=True)
class Claim:
    """`query` is claimed to show what `reference` shows. `kind` names the row of the table, `group` the family: what is
    independent. `share` of the piece differs, 0..1. `change`, a key of `CHANGES`, is done to the query first. `real`:
    no renders."""

    query: Path
    reference: Path
    truth: Truth
    kind: str
    group: str
    share: float = 0.0
    change: str = ""
    real: bool = False

    @property
    def is_twin(self) -> bool:
        return self.truth == "other" and self.kind != OTHER_DESIGN and not self.real

    def picture(self) -> bytes:
        data = self.query.read_bytes()
        return CHANGES[self.change](data) if self.change else data


def claims(folder: Path, first: int = 0, count: int | None = None) -> list[Claim]:
    """Of the families in `folder` that are rendered whole, in their order."""
    rows = [json.loads(path.read_text()) for path in sorted((folder / "rows").glob("*.json"))][first:]
    rows = rows if count is None else rows[:count]
    return [claim for i, row in enumerate(rows) for claim in _of_family(folder, row, rows[(i + 1) % len(rows)])]


def _of_family(folder: Path, row: dict[str, Any], following: dict[str, Any]) -> Iterator[Claim]:
    name = row["family"]
    references, queries = _pictures(folder, row, "reference"), _pictures(folder, row, "query")
    for one, query in enumerate(queries):
        for other, reference in enumerate(references):
            if one == other:
                yield Claim(query, reference, "same", SAME, name)
                continue
            low, high = sorted((one, other))
            kind = TWO if low else row["kinds"][high]
            yield Claim(query, reference, "other", kind, name, row["changed"][PAIRS.index((low, high))])
    for role, truth, kind in EXTRAS:
        for query in _pictures(folder, row, role):
            yield Claim(query, references[0], truth, kind, name)
    for place, (change, kind) in enumerate(DERIVED, 1):
        yield Claim(queries[place], references[place], "unknowable", kind, name, change=change)
    if following["family"] != name:
        yield Claim(queries[0], _pictures(folder, following, "reference")[0], "other", OTHER_DESIGN, name, 1.0)


def _pictures(folder: Path, row: dict[str, Any], role: str) -> list[Path]:
    return [folder / picture["path"] for picture in row["pictures"] if picture["role"] == role]


EXTRAS: tuple[tuple[str, Truth, str], ...] = (
    ("worn", "same", WORN),
    ("worn much", "same", f"{WORN} much"),
    ("glare", "unknowable", "glare"),
    ("back", "unknowable", OTHER_SIDE),
)
DERIVED = (("blurred", "blur"), ("tiny", "too small"))


def _blurred(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(0.013 * max(picture.size)))


def _tiny(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * 56 // max(picture.size), picture.height * 56 // max(picture.size)))


def _on(edit: Callable[[Image.Image], Image.Image]) -> Callable[[bytes], bytes]:
    def changed(data: bytes) -> bytes:
        buffer = io.BytesIO()
        edit(Image.open(io.BytesIO(data)).convert("RGB")).save(buffer, "JPEG", quality=88)
        return buffer.getvalue()

    return changed


CHANGES: dict[str, Callable[[bytes], bytes]] = {"blurred": _on(_blurred), "tiny": _on(_tiny)}
