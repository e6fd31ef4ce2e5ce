"""Counterfeits: near-twins of a design that differ in one thing each, by a field or by a single stone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from lab.render import bands, ornaments
from lab.render.design import FACETED, FINE_STONES, OPAQUE, Design, Random, stones_of
from lab.render.gems import PROPORTIONS
from lab.render.materials import GEMS, SOLID
from lab.render.mesh import Mesh
from lab.render.parts import CHAINS, Part, Parts
from lab.render.watches import CASES, DIALS, MARKERS, STRAPS

METAL_COLOURS = {
    "yellow gold": "yellow",
    "rose gold": "rose",
    "white gold": "white",
    "silver": "white",
    "platinum": "white",
    "blackened": "black",
}
"""White metals are one colour: no photograph tells silver from platinum, and nobody is told that one does."""


@dataclasses.dataclass(frozen=True)
class Variant:
    """A design, and what was done to one of its stones: `edit` is empty, a tone (pale, deep), missing or swapped; the
    latter two concern stone `at` of its row."""

    design: Design
    edit: str = ""
    at: int = 0

    def parts(self, pose: str) -> Parts:
        parts = self.design.parts(pose)
        if self.edit in ("pale", "deep"):
            return _toned(parts, self.edit)
        return _one_changed(parts, self.edit, self.at) if self.edit else parts


@dataclasses.dataclass(frozen=True)
class Twin:
    """A counterfeit: `kind` is a key of `KINDS`, `detail` says in words what was changed."""

    kind: str
    detail: str
    variant: Variant


def draw_twin(base: Design, random: Random, without: frozenset[str] = frozenset()) -> Twin | None:
    """A counterfeit of `base` by chance, of no kind in `without`; None where there is none left."""
    found = {kind: options for kind in KINDS if kind not in without and (options := KINDS[kind][1](base))}
    if not found:
        return None
    weights = np.array([KINDS[kind][0] for kind in found])
    kind = list(found)[int(random.choice(len(found), p=weights / weights.sum()))]
    fields = found[kind][int(random.integers(len(found[kind])))]
    edit, at = str(fields.pop("edit", "")), int(random.integers(1 << 20))
    design = dataclasses.replace(base, **fields) if fields else base
    told = ", ".join(f"{name} {getattr(base, name)} to {value}" for name, value in fields.items()) or edit
    return Twin(kind, told, Variant(design, edit, at if edit in ("missing", "swapped") else 0))


Fields = dict[str, Any]
Options = Callable[[Design], list[Fields]]


def _has(design: Design, name: str) -> bool:
    return hasattr(design, name)


def _of(design: Design, **allowed: tuple[Any, ...]) -> bool:
    """Whether the design has these fields, each with one of the values."""
    return all(getattr(design, name, None) in values for name, values in allowed.items())


def _metal(base: Design) -> list[Fields]:
    mine = METAL_COLOURS[base.metal]
    if not any(part.material.partition("/")[0] in METAL_COLOURS for part in base.parts(base.poses()[0])):
        return []
    others = {colour: metal for metal, colour in METAL_COLOURS.items() if colour != mine}
    return [{"metal": metal} for metal in others.values()]


def _stone(base: Design) -> list[Fields]:
    if not _has(base, "stone") or _main(base) != base.stone:  # type: ignore[attr-defined]  # most have one
        return []
    stone = str(base.stone)  # type: ignore[attr-defined]  # asked above
    same = FINE_STONES if stone in FINE_STONES else OPAQUE if stone != "pearl" else {}
    return [{"stone": other} for other in same if other not in (stone, "pearl")]


def _main(base: Design) -> str:
    stones = stones_of(base.parts(base.poses()[0]))
    return str(stones[0]["kind"]) if stones else ""


def _tone(base: Design) -> list[Fields]:
    main = _main(base)
    return [{"edit": tone} for tone in ("pale", "deep") if f"{tone} {main}" in GEMS or f"{tone} {main}" in SOLID]


_ONE_STONE: dict[str, tuple[Any, ...]] = {
    "ring": ("solitaire", "halo", "bezel", "double halo", "split-shoulder", "three-stone", "five-stone"),
    "earring": ("stud", "halo stud", "bezel stud", "drop", "halo drop", "long drop", "chain drop"),
    "pendant": ("solitaire", "halo", "bezel", "drop"),
    "necklace": ("y-drop", "pendant halo", "riviere"),
    "bracelet": ("tennis", "set bangle"),
}


def _shows_its_cut(base: Design) -> bool:
    kind = getattr(base, "head", getattr(base, "kind", ""))
    return kind in _ONE_STONE.get(base.type, ()) and _of(base, cut=FACETED)


def _cut(base: Design) -> list[Fields]:
    if not _shows_its_cut(base):
        return []
    cuts = ("round", "princess", "emerald", "oval") if base.type == "bracelet" else FACETED
    own = base.cut  # type: ignore[attr-defined]  # asked above
    return [{"cut": cut, "ratio": round(sum(PROPORTIONS[cut].ratio) / 2, 2)} for cut in cuts if cut != own]


def _claws(base: Design) -> list[Fields]:
    kind = getattr(base, "head", getattr(base, "kind", ""))
    clawed = ("solitaire", "halo", "stud", "halo stud", "double halo", "drop")
    if not (_has(base, "claws") and kind in clawed and _of(base, cut=("round", "oval", "pear", "marquise"))):
        return []
    claws = base.claws  # type: ignore[attr-defined]  # asked above
    return [{"claws": claws + by} for by in (-1, 1) if claws + by >= 3]


def _size(base: Design) -> list[Fields]:
    told = (
        (base.type == "ring" and not _of(base, head=("none", "signet", "eternity")))
        or (base.type == "necklace" and _of(base, kind=("pearls", "beads", "station", "y-drop", "pendant halo")))
        or (base.type == "bracelet" and _of(base, kind=("tennis", "beads", "pearl rows", "set bangle")))
    )
    return _scaled(base, "size", 0.86, 1.16) if told else []


def _ratio(base: Design) -> list[Fields]:
    return _scaled(base, "ratio", 0.88, 1.14, 2) if _shows_its_cut(base) and not _of(base, cut=("round",)) else []


def _band(base: Design) -> list[Fields]:
    wide = (
        base.type == "ring"
        or (base.type == "earring" and _of(base, kind=("hoop", "huggie")))
        or (base.type == "bracelet" and _of(base, kind=("bangle", "twisted bangle", "engraved bangle", "cuff")))
    )
    return _scaled(base, "width", 0.9, 1.1, 2) + _scaled(base, "width", 0.8, 1.2, 2) if wide else []


def _scaled(base: Design, name: str, low: float, high: float, digits: int = 1) -> list[Fields]:
    value = float(getattr(base, name))
    return [{name: scaled} for by in (low, high) if (scaled := round(value * by, digits)) != value]


def _style(base: Design) -> list[Fields]:
    if base.type == "ring" and _has(base, "band") and not _of(base, head=("eternity", "signet")):
        kinds = bands.WIDE if _of(base, head=("none",)) else bands.BANDS
        return [{"band": kind} for kind in kinds if not _of(base, band=(kind,))]
    if base.type == "earring" and _of(base, kind=("hoop", "huggie")):
        sections = ("round", "wide", "twisted", "knife", "hammered", "pave", "beaded")
        return [{"section": kind} for kind in sections if not _of(base, section=(kind,))]
    return []


def _engraving(base: Design) -> list[Fields]:
    shown = (
        (base.type == "ring" and _of(base, head=("none", "signet"), band=("domed", "flat")))
        or (base.type == "pendant" and _of(base, kind=("disc", "locket")))
        or (base.type == "bracelet" and _of(base, kind=("engraved bangle",)))
    )
    kinds = ornaments.ENGRAVINGS[1:] if base.type == "bracelet" else ornaments.ENGRAVINGS
    return [{"engraving": kind} for kind in kinds if not _of(base, engraving=(kind,))] if shown else []


def _accent(base: Design) -> list[Fields]:
    if not _has(base, "accent"):
        return []
    own = base.accent  # type: ignore[attr-defined]  # asked above
    materials = [part.material for part in base.parts(base.poses()[0])]
    if own not in materials or own == getattr(base, "stone", ""):
        return []
    return [{"accent": stone} for stone in ("diamond", "sapphire", "ruby", "emerald") if stone != own]


def _count(base: Design) -> list[Fields]:
    if base.type == "brooch" and _of(base, kind=("flower", "spray", "wreath", "starburst")):
        petals = int(base.petals)  # type: ignore[attr-defined]  # brooches have them
        return [{"petals": petals + by} for by in (-1, 1)]
    return []


def _links(base: Design) -> list[Fields]:
    if base.type == "necklace" and _of(base, kind=("chain", "station", "y-drop", "charm", "pendant halo", "bib")):
        return [{"links": kind} for kind in CHAINS if not _of(base, links=(kind,))]
    if base.type == "bracelet" and _of(base, kind=("chain", "charm")):
        kinds = ("cable", "curb", "figaro", "paperclip", "rope", "box")
        return [{"links": kind} for kind in kinds if not _of(base, links=(kind,))]
    return []


def _length(base: Design) -> list[Fields]:
    hangs = "drop" in str(getattr(base, "kind", "")) and _has(base, "length")
    return _scaled(base, "length", 0.85, 1.18) if hangs else []


def _inlay(base: Design) -> list[Fields]:
    if base.type == "pendant" and _of(base, kind=("heart", "cross", "star", "moon", "disc", "bar", "tag")):
        return [{"inlay": kind} for kind in ("none", "stone", "pave") if not _of(base, inlay=(kind,))]
    return []


def _watch(*names: str) -> Options:
    values: dict[str, tuple[Any, ...]] = {
        "dial": DIALS, "markers": MARKERS, "subdials": (0, 1, 2, 3), "strap": STRAPS, "case": CASES,
        "bezel": ("plain", "fluted", "stones", "diver"),
    }  # fmt: skip

    def options(base: Design) -> list[Fields]:
        if base.type != "watch":
            return []
        return [{name: value} for name in names for value in values[name] if not _of(base, **{name: (value,)})]

    return options


def _row(base: Design) -> Part | None:
    """The stones of a row: those most seen of three or more of a kind."""
    rows = [p for p in base.parts(base.poses()[0]) if p.framed and p.number >= 3]
    return max(rows, key=lambda p: float(np.prod(np.ptp(p.mesh.vertices, axis=0) + 0.1)) / p.number, default=None)


def _one_stone(edit: str) -> Options:
    return lambda base: [{"edit": edit}] if _row(base) is not None else []


def _toned(parts: Parts, tone: str) -> Parts:
    main = stones_of(parts)[0]["kind"]
    return [part._replace(material=f"{tone} {main}") if part.material == main else part for part in parts]


def _one_changed(parts: Parts, edit: str, at: int) -> Parts:
    """The largest row of stones without its stone `at` (modulo their number), or with that one of another colour."""
    rows = [i for i, part in enumerate(parts) if part.framed and part.number >= 3]
    place = max(rows, key=lambda i: float(np.prod(np.ptp(parts[i].mesh.vertices, axis=0) + 0.1)) / parts[i].number)
    row = parts[place]
    each = len(row.mesh.vertices) // row.number
    stone = at % row.number
    mine = row.mesh.faces[:, 0] // each == stone
    rest, one = (Mesh(row.mesh.vertices, row.mesh.faces[which], row.mesh.crease) for which in (~mine, mine))
    left = row._replace(mesh=rest, number=row.number - 1)
    changed = [left if i == place else part for i, part in enumerate(parts)]
    if edit == "missing":
        return changed
    other = "sapphire" if row.material in ("ruby", "diamond", "topaz", "pearl") else "ruby"
    return [*changed, row._replace(mesh=one, material=other, number=1)]


KINDS: dict[str, tuple[float, Options]] = {
    "metal of another colour": (0.5, _metal),
    "another stone": (0.5, _stone),
    "stone tone": (1.0, _tone),
    "another cut": (1.0, _cut),
    "a prong more or less": (1.6, _claws),
    "stone size": (1.0, _size),
    "stone proportions": (1.0, _ratio),
    "band width": (1.2, _band),
    "band style": (0.8, _style),
    "engraving": (1.2, _engraving),
    "accent stones": (0.7, _accent),
    "petals or leaves": (1.2, _count),
    "links": (0.8, _links),
    "length of a drop": (1.0, _length),
    "inlay": (1.0, _inlay),
    "dial": (1.0, _watch("dial", "markers", "subdials")),
    "strap, case or bezel": (0.8, _watch("strap", "case", "bezel")),
    "one stone missing": (1.0, _one_stone("missing")),
    "one stone swapped": (1.0, _one_stone("swapped")),
}
"""What a counterfeit may differ in: how often it is drawn, and the fields that would change, of a design."""
