"""What a style is called: what its pieces share and the other pieces of their type have less often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

ORDER = ("metal", "stone", "cut", "setting", "word", "type")
"""As one says it: rose gold, diamond, oval, bezel, thin, ring."""
SHARED = 0.5
"""Of a style's pieces must have what names it; else its name would tell of the few."""
BEYOND = 0.2
"""And by so much more often than the rest."""
MOST_WORDS = 3
"""Beside the type."""
_SAID_ALONE = {"none", ""}


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a piece: its attributes by name, and the shop's own words for it, as its tags."""

    known: Mapping[str, str] = field(default_factory=dict)
    words: Collection[str] = ()

    def all(self) -> set[tuple[str, str]]:
        """Each with its kind; a word that an attribute says already is said once."""
        found = {(name, value) for name, value in self.known.items() if value not in _SAID_ALONE and name in ORDER}
        said = {part for _, value in found for part in (value, *value.split())}
        return found | {("word", word) for word in self.words if not {word, *word.split()} & said}


def names(styles: Sequence[Sequence[Traits]], others: Iterable[Traits] = ()) -> list[str]:
    """A name each, no two alike: "rose gold, oval halo ring". `others` are pieces of no style."""
    counts = [Counter(trait for piece in style for trait in piece.all()) for style in styles]
    everywhere = sum(counts, Counter(trait for piece in others for trait in piece.all()))
    pieces = sum(len(style) for style in styles)
    found: list[str] = []
    for style, own in zip(styles, counts, strict=True):
        found.append(_distinct(_name(own, len(style), everywhere, max(1, pieces - len(style))), found))
    return found


def _name(own: Counter[tuple[str, str]], size: int, everywhere: Counter[tuple[str, str]], rest: int) -> str:
    shared = {trait: count / size for trait, count in own.items() if size and count / size >= SHARED}
    beyond = {trait: share - (everywhere[trait] - own[trait]) / rest for trait, share in shared.items()}
    kind = _kind({value: count / size for (name, value), count in own.items() if name == "type"})
    said = {"type", *kind.split(" and ")}
    telling = [trait for trait in beyond if not said & set(trait) and beyond[trait] >= BEYOND]
    chosen = sorted(telling, key=lambda trait: (-beyond[trait], trait))[:MOST_WORDS]
    told = [value for _, value in sorted(chosen, key=lambda trait: (ORDER.index(trait[0]), trait[1]))]
    return ", ".join([*told[:-1], f"{told[-1]} {kind}"]) if told else kind


def _kind(types: Mapping[str, float]) -> str:
    """What most of them are, or the two kinds that most of them are."""
    first, *others = sorted(types, key=lambda kind: (-types[kind], kind)) or ["piece"]
    if types.get(first, 1.0) >= SHARED or not others:
        return first
    return f"{first} and {others[0]}" if types[first] + types[others[0]] >= SHARED else "mixed pieces"


def _distinct(name: str, taken: Collection[str]) -> str:
    """Two styles may share all that is known of them, and differ by their looks alone."""
    if name not in taken:
        return name
    number = 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"
