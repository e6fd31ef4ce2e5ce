"""What each head learns: from what a manifest says of a picture to one of the head's words.

Words say what is seen. A metal is its colour, a stone its colour or, for pearls, its kind: no photograph tells gold
from brass, or a diamond from glass.
"""

from __future__ import annotations

import json

from lab.datasets import Record
from services.embedder.heads import NOT_JEWELRY, OTHER
from shared.contracts.analysis import AttributeName

TYPES = ("bracelet", "brooch", "earring", "loose-stone", "necklace", NOT_JEWELRY, "pendant", "ring", "watch")
"""Of the manifest's types: a `set` shows several pieces."""
NONE = "none"
"""It is seen that there is no stone."""
METALS = {
    "gold": ("gold", "yellow gold", "brass"),
    "rose gold": ("rose gold", "copper"),
    "silver": ("silver", "white gold", "platinum", "steel"),
    "black": ("blackened",),
}
STONES = {
    "clear": ("clear", "diamond"),
    "red": (
        "almandine bixbite carnelian coral hessonite pyrope rhodolite ruby spessartite red",
        "onyx red, red inlay",
    ),
    "pink": ("kunzite pink rhodochrosite rhodonite", "rose quartz, sapphire pink"),
    "purple": ("amethyst lepidolite purple", "sapphire purple"),
    "blue": (
        "aquamarine benitoite blue dumortierite iolite kyanite lapis sapphire sodalite tanzanite topaz",
        "blue inlay, blue lace agate, chalcedony blue, lapis lazuli, sapphire blue",
    ),
    "turquoise": ("amazonite chrysocolla turquoise",),
    "green": (
        "bloodstone chrysoprase diaspore emerald malachite peridot prehnite serpentine tsavorite zoisite green",
        "aventurine green, chrome diopside, dark green inlay, green inlay, green sapphire, onyx green",
    ),
    "yellow": (
        "amber andradite chrysoberyl citrine sphene yellow",
        "aventurine yellow, beryl golden, quartz beer, quartz lemon, sapphire yellow, yellow inlay",
    ),
    "brown": ("brown jasper pyrite sunstone", "quartz smoky, tigers eye"),
    "black": ("black onyx", "onyx black"),
    "pearl": ("pearl", "pink pearl"),
    NONE: (NONE,),
}
"""Family -> single words, then names of several words. Stones of several colours are in none."""
SETTINGS = {
    "halo": ("halo", "double halo", "halo drop", "halo stud", "pendant halo"),
    "solitaire": ("solitaire", "stud"),
    "bezel": ("bezel", "bezel stud"),
    "cluster": ("cluster",),
    "row": ("eternity", "tennis", "riviere"),
    "three-stone": ("three-stone",),
}
"""Setting -> kinds and heads of our own designs; all others are `OTHER`."""
STONES_KNOWN = ("gems", "samepiece")


def _names(words: tuple[str, ...]) -> list[str]:
    single, several = words[0], ", ".join(words[1:])
    return [*single.split(), *filter(None, several.split(", "))]


_METAL = {name: family for family, names in METALS.items() for name in names}
_STONE = {name: family for family, words in STONES.items() for name in _names(words)}
_SETTING = {name: family for family, names in SETTINGS.items() for name in names}


def label(record: Record, head: AttributeName) -> str:
    """The head's word for the picture; empty where the manifest does not say, or has several."""
    if head == "type":
        return record.type if record.type in TYPES else ""
    if record.type in ("", NOT_JEWELRY, "set"):
        return ""
    own = record.licence == "own render" and record.type != "loose-stone"
    if head == "metal":
        return "" if record.type == "loose-stone" else _METAL.get(record.metal, "")
    if head == "stone":
        return _STONE.get(record.stone, "") if own or record.collection in STONES_KNOWN else ""
    if not own:
        return ""
    stones = json.loads(record.parameters.get("stones", "[]"))
    if not stones:
        return OTHER
    if head == "cut":
        return OTHER if stones[0]["cut"] == "pearl" else str(stones[0]["cut"])
    design = json.loads(record.parameters["design"])
    return _SETTING.get(design.get("head") or design.get("kind", ""), OTHER)
