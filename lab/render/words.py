"""What a shop says of a piece, put together from its design: title, description, tags and price."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.render.bracelets import Bracelet
from lab.render.brooches import Brooch
from lab.render.design import Design, stones_of
from lab.render.earrings import Earring
from lab.render.mesh import volume
from lab.render.necklaces import Necklace
from lab.render.parts import Part
from lab.render.pendants import Pendant
from lab.render.rings import Ring
from lab.render.watches import Watch

CARATS = {"diamond": 3.52, "ruby": 4.0, "sapphire": 4.0, "emerald": 2.72, "amethyst": 2.65, "topaz": 3.53}
"""Densities in g/cm^3 (R. Webster, "Gems", 1994); a carat is 0.2 g."""
PER_CARAT = {"diamond": 1900, "ruby": 560, "sapphire": 460, "emerald": 620, "amethyst": 30, "topaz": 26}
PER_STONE = {"pearl": 14, "onyx": 6, "turquoise": 8}
PER_METAL = {"yellow gold": 880, "rose gold": 840, "white gold": 920, "platinum": 1250, "silver": 90, "blackened": 100}
"""Prices of the sample shop in EUR; a metal's is that of one solid cubic centimetre, larger pieces being hollow."""
FINISHES = {"polished": "polished", "brushed": "brushed to a satin", "hammered": "hammered by hand"}


@dataclass(frozen=True)
class Words:
    """`price` in EUR, `stone` the main one or none."""

    title: str
    description: str
    tags: tuple[str, ...]
    price: int
    stone: str


def words(design: Design, parts: Sequence[Part]) -> Words:
    """What the sample shop says of `design`, built as `parts`."""
    stones = stones_of(parts)
    noun, detail, tags = _told(design, stones)
    metal = {"blackened": "blackened silver"}.get(design.metal, design.metal)
    worn = any(part.material.partition("/")[0] == design.metal for part in parts)
    title = noun[0].upper() + noun[1:] + (f" in {metal}" if worn and design.type != "watch" else "")
    main = str(stones[0]["kind"]) if stones else "none"
    finish = f" {FINISHES[design.finish].capitalize()}." if design.finish != "polished" else ""
    description = f"{detail}{finish}{_count(stones)}"
    found = [*tags, design.type, *([main] if stones else []), *([metal] if worn else [])]
    title, description = _an(title), _an(description)
    return Words(title, description, tuple(dict.fromkeys(found)), _price(parts, stones), main)


def _an(text: str) -> str:
    """`text` with "a oval" put right."""
    return re.sub(r"\b([Aa]) (?=(?:[aeio]|8))", r"\1n ", text)


def _count(stones: Sequence[dict[str, Any]]) -> str:
    """How many stones there are of each cut."""
    if not stones:
        return ""
    told = []
    for stone in stones[:2]:
        kind, many = stone["kind"], stone["count"] > 1
        plural = {"ruby": "rubies", "topaz": "topazes", "turquoise": "turquoises", "onyx": "onyxes"}.get(
            kind, f"{kind}s"
        )
        cut = "" if stone["cut"] in ("pearl", "cabochon") else f"{CUT_WORDS[stone['cut']]} "
        told.append(f"{stone['count']} {cut}{plural if many else kind}")
    return f" Set with {' and '.join(told)}."


CUT_WORDS = {
    "round": "round", "oval": "oval", "princess": "princess-cut", "emerald": "step-cut", "pear": "pear-shaped",
    "marquise": "marquise", "cabochon": "domed", "pearl": "round",
}  # fmt: skip


def _told(design: Design, stones: Sequence[dict[str, Any]]) -> tuple[str, str, list[str]]:
    """What it is, a sentence on it, and tags."""
    if isinstance(design, Ring):
        return _ring(design)
    if isinstance(design, Earring):
        return _earring(design)
    if isinstance(design, Pendant):
        return _pendant(design)
    if isinstance(design, Necklace):
        return _necklace(design)
    if isinstance(design, Bracelet):
        return _bracelet(design)
    if isinstance(design, Brooch):
        stone = f"{design.stone} " if stones and design.kind not in ("feather", "wreath") else ""
        return (
            f"{stone}{design.kind} brooch",
            f"A {design.kind} to wear on a lapel or a scarf, {design.size:.0f} mm across.",
            [f"{design.kind} brooch"],
        )
    if not isinstance(design, Watch):
        raise TypeError(f"no words for a {design.type}")
    metal = {"silver": "Steel-look"}.get(design.metal, design.metal.capitalize())
    strap = design.strap if "leather" not in design.strap else " ".join(reversed(design.strap.split()))
    tags = ["watch", "leather strap" if "leather" in design.strap else "metal bracelet", f"{design.dial} dial"]
    noun = f"{metal} watch, {design.dial} dial"
    return noun, f"A {design.case} case of {design.size:.0f} mm with a {design.dial} dial on {strap}.", tags


def _ring(ring: Ring) -> tuple[str, str, list[str]]:
    gem, cut = ring.stone, CUT_WORDS[ring.cut]
    if ring.head == "none":
        name = {"domed": "court", "open": "open ball"}.get(ring.band, ring.band)
        engraved = f" engraved with {ring.engraving}" if ring.engraving != "none" else ""
        return (
            f"{name} ring{engraved}",
            f"A {ring.width:g} mm band{engraved}, to wear alone or stacked.",
            ["band", name],
        )
    if ring.head == "signet":
        face = f"engraved with {ring.engraving}" if ring.engraving != "none" else f"inlaid with {gem}"
        return f"{ring.outline} signet ring", f"A {ring.outline} signet, {face}.", ["signet"]
    if ring.head == "eternity":
        return (
            f"{gem} eternity ring",
            f"{ring.size:g} mm stones all the way round, between two fine rails.",
            ["eternity", "wedding"],
        )
    sentence = {
        "solitaire": f"One {cut} {gem} held high by claws on a {ring.band} band.",
        "halo": f"A {cut} {gem} in a halo of small {ring.accent}s on a {ring.band} band.",
        "double halo": f"A {cut} {gem} in two halos of small {ring.accent}s.",
        "bezel": f"A {cut} {gem} in a smooth bezel on a {ring.band} band.",
        "three-stone": f"A {cut} {gem} between two brilliants, for past, present and future.",
        "five-stone": f"Five {gem} brilliants in a row, the largest in the middle.",
        "cluster": f"A {gem} ringed by brilliants, set close like a blossom.",
        "flower": f"Six domed petals around a {gem} heart.",
        "two-stone": f"A {gem} and a {ring.accent}, side by side.",
        "split-shoulder": f"A {cut} {gem} with a brilliant at either shoulder.",
    }[ring.head]
    name = {"split-shoulder": "and brilliant", "solitaire": "solitaire"}.get(ring.head, ring.head)
    return f"{_cut(ring.cut)}{gem} {name} ring", sentence, [f"{gem} ring", name]


def _cut(cut: str) -> str:
    return "" if cut in ("round", "pearl", "cabochon", "emerald") else f"{CUT_WORDS[cut]} "


def _earring(pair: Earring) -> tuple[str, str, list[str]]:
    gem = pair.stone
    if pair.kind in ("hoop", "huggie"):
        gold = ["gold hoops"] if "gold" in pair.metal and pair.kind == "hoop" else []
        name = "hoops" if pair.kind == "hoop" else "huggies"
        return (
            f"{pair.section} {name}",
            f"{pair.section.capitalize()} {name}, {pair.size:.0f} mm across, with a hinge.",
            [*gold, name],
        )
    if pair.kind in ("ball stud", "knot stud"):
        return f"{pair.kind.split()[0]} studs", f"Small {pair.kind.split()[0]}s for every day.", ["studs"]
    if pair.kind == "disc drop":
        return "disc earrings", f"Light discs that swing {pair.length:.0f} mm below the ear.", ["drops"]
    name = "drops" if "drop" in pair.kind or pair.kind == "chandelier" else "studs"
    kind = pair.kind.replace(" drop", "").replace(" stud", "").replace("drop", "").replace("stud", "")
    tags = [*(["pearl earrings"] if gem == "pearl" else [f"{gem} earrings"]), name]
    what = f"{_cut(pair.cut)}{gem} {kind} {'earrings' if name == 'drops' else 'studs'}".replace("  ", " ")
    if pair.kind == "long drop":
        what = f"long {_cut(pair.cut)}{gem} earrings"
    where = f"hanging {pair.length:.0f} mm below a fine hook" if name == "drops" else "close to the ear"
    return what, f"A pair, the right one mirroring the left: {CUT_WORDS[pair.cut]} {gem} {where}.", tags


def _pendant(pendant: Pendant) -> tuple[str, str, list[str]]:
    plain = {"heart", "cross", "star", "moon", "disc", "bar", "tag", "open circle", "tree", "key", "locket"}
    if pendant.kind in plain:
        name = {"tree": "tree of life", "disc": "disc"}.get(pendant.kind, pendant.kind)
        with_inlay = {"stone": f" with a {pendant.accent}", "pave": f" lined with {pendant.accent}s"}.get(
            pendant.inlay, ""
        )
        return (
            f"{name} pendant",
            f"A {name}{with_inlay}, {pendant.size:.0f} mm, on a {pendant.links} chain.",
            [name, "gift"],
        )
    gem = pendant.stone
    name = {"solitaire": "", "bezel": "bezel "}.get(pendant.kind, f"{pendant.kind} ")
    sentence = f"{CUT_WORDS[pendant.cut].capitalize()} {gem} of {pendant.size:g} mm on a {pendant.links} chain."
    return f"{_cut(pendant.cut)}{gem} {name}pendant", sentence, [f"{gem} pendant"]


def _necklace(necklace: Necklace) -> tuple[str, str, list[str]]:
    gem = necklace.stone
    rows = {1: "", 2: "two-row ", 3: "three-row "}[necklace.rows]
    told = {
        "chain": (
            f"{rows}{necklace.links} chain necklace",
            f"Links of {necklace.size:g} mm that lie close to the neck.",
        ),
        "pearls": (f"{rows}pearl necklace", f"Pearls of {necklace.size:g} mm, knotted by hand."),
        "graduated pearls": ("graduated pearl necklace", f"Pearls that grow to {necklace.size:g} mm at the front."),
        "beads": (f"{rows}{gem} bead necklace", f"Beads of {necklace.size:g} mm with metal between them."),
        "riviere": (f"{gem} riviere", "Set stones from clasp to clasp, largest at the front."),
        "station": (f"{gem} station necklace", "Single stones along a fine chain."),
        "plates": ("plate collar", "Overlapping plates that move like scales."),
        "torque": ("torque", "A stiff ring, fullest at the front, open at the back."),
        "bib": (f"{gem} bib necklace", "A fringe of drops, longest at the front."),
        "y-drop": (f"{gem} Y necklace", "A drop on a tail of chain."),
        "pendant halo": (f"{gem} halo necklace", "A large halo in the middle of its chain."),
        "charm": ("flower charm necklace", "Flowers and pearls hanging from a chain."),
    }
    noun, sentence = told[necklace.kind]
    return noun, sentence, [necklace.kind, "necklace"]


def _bracelet(bracelet: Bracelet) -> tuple[str, str, list[str]]:
    gem = bracelet.stone
    told = {
        "bangle": ("bangle", f"A closed band {bracelet.width:g} mm wide."),
        "twisted bangle": ("twisted bangle", "A heavy closed bangle of twisted square wire."),
        "engraved bangle": (f"bangle engraved with {bracelet.engraving}", "A closed band, engraved all round."),
        "set bangle": (f"{gem} bangle", "Five stones across the front of a slim bangle."),
        "cuff": ("wide cuff", f"An open cuff {bracelet.width:g} mm wide."),
        "filigree cuff": ("filigree cuff", "Scrolls of wire between two rims."),
        "tennis": (f"{gem} tennis bracelet", "A single line of stones, end to end."),
        "chain": (f"{bracelet.links} link bracelet", f"Links of {bracelet.size:g} mm."),
        "charm": ("charm bracelet", "A heart, a star, a disc, a pearl and a stone on a chain."),
        "beads": (f"{gem} bead bracelet", "Beads with metal between, on elastic."),
        "pearl rows": ("two-row pearl bracelet", "Two rows of pearls and a plate clasp."),
        "plates": (f"{gem} panel bracelet", "Oblong panels, every other one set."),
    }
    noun, sentence = told[bracelet.kind]
    return noun, sentence, ["tennis bracelet" if bracelet.kind == "tennis" else bracelet.kind]


def _price(parts: Sequence[Part], stones: Sequence[dict[str, Any]]) -> int:
    """Metal by its volume, stones by weight or by the piece, and the work; to a round figure."""
    price = 60.0
    solid = dict.fromkeys(PER_METAL, 0.0)
    for part in parts:
        name = part.material.partition("/")[0]
        if name in solid:
            solid[name] += volume(part.mesh) / 1000
        elif part.number and name in CARATS:
            carats = volume(part.mesh) / part.number * CARATS[name] / 200
            price += part.number * PER_CARAT[name] * carats ** (1.5 if carats < 1 else 1.2)
        elif part.number:
            price += part.number * PER_STONE[name]
    price += sum(PER_METAL[name] * cubic**0.6 for name, cubic in solid.items())
    price += 12 * sum(stone["count"] for stone in stones)
    step = 10 if price < 1000 else 50 if price < 5000 else 100
    return int(round(price / step) * step)
