"""Which item a picture shows, by what its file is called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import PurePosixPath

Known = Callable[[Collection[str]], Collection[str]]
"""Which of these SKUs are items, of the file or of the shop."""

PICTURE_SUFFIXES = frozenset(
    [".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif"]
)
_NUMBERED = re.compile(r"(.+?)(?:[_-]\d{1,3}| ?\(\d{1,3}\))")
_SAFE_NUMBERED = re.compile(r"(.+?)(?:_\d{1,3}| ?\(\d{1,3}\))")
_COUNTER = re.compile(r"\d{1,2}")


def is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES


def is_noise(name: str) -> bool:
    """What systems put beside people's files: nobody meant it to be imported."""
    parts = PurePosixPath(name).parts
    return any((part.startswith(".") and part.strip(".")) or part == "__MACOSX" for part in parts) or parts[-1:] in (
        ("Thumbs.db",),
        ("desktop.ini",),
    )


def skus_of(names: Sequence[str], known: Known) -> list[str]:
    """The SKU of each picture, in their order.

    `RING-1.jpg` is of RING-1; so are `RING-1-2.jpg`, `RING-1_2.jpg`, `RING-1 (2).jpg` and `RING-1/front.jpg` when that
    is an item, or another picture is named by it alone. What nobody knows is named by the whole name, without `_2` or
    ` (2)` if there are several; a mere number by its folder.
    """
    stems = {stem for name in names if not _COUNTER.fullmatch(stem := PurePosixPath(name).stem)}
    items = {*known({sku for name in names for sku in _candidates(name)})} | stems
    several = Counter(base for stem in stems if (base := _base(stem, _SAFE_NUMBERED)))
    shop = {*known({sku for name in names for sku in _candidates(name)})}
    return [_sku(PurePosixPath(name), shop, items, several) for name in names]


def _sku(path: PurePosixPath, shop: Collection[str], items: Collection[str], several: Counter[str]) -> str:
    stem, folder = path.stem, path.parent.name
    if stem in shop:
        return stem
    base = _base(stem, _NUMBERED)
    if base and base in items:
        return base
    if folder and (folder in shop or _COUNTER.fullmatch(stem)):
        return folder
    safe = _base(stem, _SAFE_NUMBERED)
    return safe if safe and several[safe] > 1 else stem


def _candidates(name: str) -> list[str]:
    path = PurePosixPath(name)
    return [sku for sku in (path.stem, _base(path.stem, _NUMBERED), path.parent.name) if sku]


def _base(stem: str, pattern: re.Pattern[str]) -> str | None:
    found = pattern.fullmatch(stem)
    return found[1] if found else None
