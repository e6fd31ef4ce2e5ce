"""What shoppers call things, and which value of an attribute that is: the values are those of the models' heads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.gateway.words.spelling import Phrase, phrase
from shared.contracts.analysis import AttributeName

VALUES: dict[AttributeName, tuple[str, ...]] = {
    "type": ("bracelet", "brooch", "earring", "loose-stone", "necklace", "pendant", "ring", "watch"),
    "metal": ("gold", "rose gold", "silver", "black"),
    "stone": (
        "clear",
        "red",
        "pink",
        "purple",
        "blue",
        "turquoise",
        "green",
        "yellow",
        "brown",
        "black",
        "pearl",
        "none",
    ),
    "cut": ("round", "oval", "princess", "emerald", "pear", "marquise", "cabochon"),
    "setting": ("halo", "solitaire", "bezel", "cluster", "row", "three-stone"),
}
"""Attribute -> the values that models tell, as in docs/integration.md."""


@dataclass(frozen=True, slots=True)
class Sense:
    """A value that a phrase means. `stays`: it says more than the value does, so a search by words needs it too.

    `weak`: it means this only where no other phrase says the type: a chain is a necklace, a chain bracelet is not.
    """

    field: AttributeName
    value: str
    stays: bool = False
    weak: bool = False


_TYPES = {
    "ring": "ring",
    "earring": "earring, ear ring, ear-ring",
    "necklace": "necklace, neckless, neckles",
    "bracelet": "bracelet",
    "pendant": "pendant, pendent",
    "brooch": "brooch, broach",
    "watch": "watch, wristwatch, wrist watch",
    "loose-stone": "loose stone, loose gem, loose gemstone",
}
_KINDS = {
    "ring": "wedding band, signet",
    "earring": "ear stud, ear cuff, huggie, huggy, creole",
    "necklace": "choker, collar, lariat, sautoir, riviere, torque, torc",
    "bracelet": "bangle, armlet",
    "pendant": "locket, medallion",
}
"""Each is of that type alone, and a special one."""
_ELSEWHERE = {
    "ring": "band, solitaire",
    "earring": "stud, hoop, drop, dangle",
    "necklace": "chain, strand",
    "bracelet": "cuff",
    "pendant": "charm",
    "brooch": "pin",
    "watch": "chronograph",
    "loose-stone": "loose",
}
_METALS = {"gold": "gold, golden, yellow gold", "rose gold": "rose gold, rosegold, pink gold", "silver": "silver"}
_METALS_CLOSER = {
    "gold": "gold plated, gold filled, gold vermeil, vermeil",
    "rose gold": "red gold, rose gold plated",
    "silver": "white gold, sterling silver, sterling, platinum, palladium, rhodium, steel, stainless steel, titanium, "
    "silver plated",
    "black": "black gold, black steel, black rhodium, black metal, gunmetal, blackened silver, oxidised silver, "
    "oxidized silver",
}
"""The value is a colour: it says nothing of what the metal is, and the words stay to be looked for."""
_STONES = {
    "clear": "diamond, brilliant, zirconia, cubic zirconia, moissanite, white sapphire, white topaz, rock crystal",
    "red": "ruby, garnet",
    "pink": "rose quartz, morganite, rhodonite, rhodochrosite",
    "purple": "amethyst",
    "blue": "sapphire, aquamarine, lapis lazuli, lapis, larimar, sodalite",
    "turquoise": "turquoise",
    "green": "emerald, peridot, jade, malachite, tsavorite, aventurine",
    "yellow": "citrine",
    "brown": "smoky quartz, tiger eye, tigers eye",
    "black": "onyx, obsidian, hematite",
    "pearl": "pearl, perl",
}
_OF_ANY_COLOUR = "diamond, sapphire, topaz, tourmaline, spinel, quartz, zirconia, opal, agate, garnet, jade, zircon"
_STONE_WORDS = "stone, gem, gemstone, jewel"
_COLOURS = {
    "clear": "clear, white, colourless, colorless",
    "red": "red",
    "pink": "pink",
    "purple": "purple, violet, lilac",
    "blue": "blue",
    "turquoise": "turquoise, teal",
    "green": "green",
    "yellow": "yellow",
    "brown": "brown",
    "black": "black",
}
_ALONE = ("red", "pink", "purple", "blue", "green")
"""Colours that are a stone's where no word follows that says of what they are: no metal is told to have them."""
OF_OTHER_THINGS = frozenset(phrase("dial face strap leather cord ribbon enamel box"))
"""Before these words a colour is not a stone's."""
_CUTS = {
    "round": "round, brilliant",
    "oval": "oval",
    "princess": "princess",
    "emerald": "emerald",
    "pear": "pear, teardrop, drop",
    "marquise": "marquise, navette",
    "cabochon": "cabochon",
}
_CUT_WORDS = "cut, shape, shaped"
_CUT_BEFORE_A_STONE = ("round", "oval", "princess", "pear", "marquise")
_CUTS_ALONE = {"oval": "oval", "marquise": "marquise, navette", "cabochon": "cabochon"}
_SETTINGS = {
    "halo": "halo, haloed",
    "solitaire": "solitaire",
    "bezel": "bezel, bezel set",
    "cluster": "cluster",
    "three-stone": "three stone, 3 stone, three-stone, trilogy, trinity",
    "row": "row of stone, stone row, row setting, channel set",
}
_SETTINGS_CLOSER = {"row": "eternity, half eternity, tennis"}


def _senses() -> Iterator[tuple[Phrase, Sense]]:
    said: tuple[tuple[AttributeName, dict[str, str], bool, bool], ...] = (
        ("type", _ELSEWHERE, True, True),
        ("type", _TYPES, False, False),
        ("type", _KINDS, True, False),
        ("metal", _METALS, False, False),
        ("metal", _METALS_CLOSER, True, False),
        ("stone", _STONES, True, False),
        ("cut", _CUTS_ALONE, False, False),
        ("setting", _SETTINGS, False, False),
        ("setting", _SETTINGS_CLOSER, True, False),
    )
    for field, names, stays, weak in said:
        for value, phrases in names.items():
            for one in phrases.split(", "):
                yield phrase(one), Sense(field, value, stays, weak)
    for value, colours in _COLOURS.items():
        for colour in colours.split(", "):
            for stone in _OF_ANY_COLOUR.split(", "):
                yield phrase(f"{colour} {stone}"), Sense("stone", value, stays=True)
            for word in _STONE_WORDS.split(", "):
                yield phrase(f"{colour} {word}"), Sense("stone", value)
            if value in _ALONE:
                yield phrase(colour), Sense("stone", value, stays=True)
    for value, cuts in _CUTS.items():
        for cut in cuts.split(", "):
            for word in _CUT_WORDS.split(", "):
                yield phrase(f"{cut} {word}"), Sense("cut", value)


PHRASES: dict[Phrase, list[Sense]] = {}
for _phrase, _sense in _senses():
    if all(known.field != _sense.field for known in PHRASES.setdefault(_phrase, [])):
        PHRASES[_phrase].append(_sense)
MISSPELT = frozenset(
    word
    for names in (_TYPES, _KINDS, _METALS, _METALS_CLOSER, _STONES, _CUTS, _SETTINGS)
    for phrases in names.values()
    for word in phrase(phrases.replace(",", " "))
    if len(word) > 4
) - {*phrase("white black green yellow round three stone steel tiger plated filled shape smoky channel")}
"""Words that a misspelt one may be meant to be."""
NOT_MISSPELT = frozenset(phrase("garment locked signed bevel bevelled beveled choked choke steal golfer prince"))
"""Words that are near to one of them and none."""
STONE_NAMES = frozenset(known for known, senses in PHRASES.items() if any(s.field == "stone" for s in senses))
COLOURS_ALONE = frozenset(phrase(colour) for value in _ALONE for colour in _COLOURS[value].split(", "))
ANY_STONE = frozenset(map(phrase, _STONE_WORDS.split(", ")))
CUT_BEFORE_A_STONE = frozenset(map(phrase, _CUT_BEFORE_A_STONE))
