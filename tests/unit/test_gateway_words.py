"""What is understood from words: a table of what shoppers say, and what holds for any text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.gateway.words import Understood, Vocabulary, understand
from services.gateway.words.lexicon import PHRASES, VALUES
from services.gateway.words.said import said_of
from shared.contracts.internal import Filters
from shared.contracts.search import ChipId

SHOP = Vocabulary(
    tags=frozenset({"vintage", "gift for her", "gold", "a"}),
    brands=frozenset({"Maison Lune", "O'Neil & Co.", "Étoile"}),
    values={"type": frozenset({"ring", "tiara"}), "stone": frozenset({"emerald", "green"})},
    coverage={"metal": 0.9, "stone": 0.8, "cut": 0.3, "setting": 0.0},
)

# words | ids of chips that are filters | ids of those that are wishes | what is left
TABLE = """
rose gold ring with an emerald under 500 | metal:rose gold, type:ring, stone:green, price:-500 | | emerald
ring | type:ring | |
Rings | type:ring | |
RINGS! | type:ring | |
earrings | type:earring | |
ear rings | type:earring | |
earing | type:earring | |
stud earrings | type:earring | | stud
studs | type:earring | | studs
gold hoops | metal:gold, type:earring | | hoops
bangle | type:bracelet | | bangle
tennis bracelet | type:bracelet | setting:row | tennis
chain | type:necklace | | chain
chain bracelet | type:bracelet | | chain
neckless with pearls | type:necklace, stone:pearl | | pearls
necklaces | type:necklace | |
pearl choker | stone:pearl, type:necklace | | pearl choker
pendant necklace | type:pendant, type:necklace | |
locket | type:pendant | | locket
brooches | type:brooch | |
watches for men | type:watch | | men
loose sapphires | type:loose-stone, stone:blue | | loose sapphires
ring or necklace | type:ring, type:necklace | |
golden ring | metal:gold, type:ring | |
yellow gold band | metal:gold, type:ring | | band
rose-gold ring | metal:rose gold, type:ring | |
rosegold ring | metal:rose gold, type:ring | |
white gold ring | metal:silver, type:ring | | white gold
platinum wedding band | metal:silver, type:ring | | platinum wedding band
18k gold ring | metal:gold, type:ring | | 18k
sterling silver earrings | metal:silver, type:earring | | sterling silver
silver ring | metal:silver, type:ring | |
gold plated ring | metal:gold, type:ring | | gold plated
stainless steel watch | metal:silver, type:watch | | stainless steel
diamond ring | stone:clear, type:ring | | diamond
saphire ring | stone:blue, type:ring | | saphire
pink sapphire ring | stone:pink, type:ring | | pink sapphire
black pearl ring | stone:pearl, type:ring | | black pearl
green stone ring | stone:green, type:ring | |
rubies | stone:red | | rubies
turquoise bracelet | stone:turquoise, type:bracelet | | turquoise
lapis lazuli pendant | stone:blue, type:pendant | | lapis lazuli
opal ring | type:ring | | opal
princess cut diamond ring | stone:clear, type:ring | cut:princess | princess cut diamond
princess necklace | type:necklace | | princess
emerald cut ring | type:ring | cut:emerald | emerald cut
oval emerald ring | stone:green, type:ring | cut:oval | oval emerald
round ring | type:ring | | round
round diamond | stone:clear | cut:round | round diamond
pear-shaped ruby | stone:red | cut:pear | pear-shaped ruby
halo ring | type:ring | setting:halo | halo
three-stone ring | type:ring | setting:three-stone | three-stone
solitaire | type:ring | setting:solitaire | solitaire
solitaire pendant | type:pendant | setting:solitaire | solitaire
pavé ring | type:ring | | pavé
ring up to 1,000 € | type:ring, price:-1000 | |
ring between 200 and 400 | type:ring, price:200-400 | |
rings from 400 to 200 | type:ring, price:200-400 | |
ring €200-€400 | type:ring, price:200-400 | |
ring over $1.5k | type:ring, price:1500- | |
ring below 99.90 euros | type:ring, price:-99.90 | |
ring for less than 1.250,50 EUR | type:ring, price:-1250.50 | |
no more than 300 | price:-300 | |
ring from 1950 | type:ring | | 1950
diamond under 2 carats | stone:clear | | diamond under 2 carats
chain over 45 cm | type:necklace | | chain over 45 cm
rings in stock | type:ring, in_stock:yes | |
available brooch | in_stock:yes, type:brooch | |
not in stock | | | not in stock
ring without stones | type:ring, stone:none | |
ring without any gemstone | type:ring, stone:none | |
no pearls please | stone:not pearl | |
ring, not gold | type:ring, metal:not gold | |
necklace not in rose gold | type:necklace, metal:not rose gold | |
no gold or silver ring | metal:not gold, metal:not silver, type:ring | |
ring without diamonds and pearls | type:ring, stone:not clear, stone:not pearl | |
without pearls and gold | stone:not pearl, metal:gold | |
earrings but no hoops | type:earring | | but no hoops
silver, not platinum | metal:silver | | not platinum
not a ring | type:not ring | |
maison lune ring | brand:Maison Lune, type:ring | |
o'neil & co watch | brand:O'Neil & Co., type:watch | |
etoile ring | brand:Étoile, type:ring | |
not from étoile | brand:not Étoile | |
vintage brooch | tags:vintage, type:brooch | |
a gift for her | tags:gift for her | |
tiara | type:tiara | |
gold tiaras | metal:gold, type:tiara | |
something blue for my wedding | stone:blue | | something blue for my wedding
💍 for my ❤ | | | 💍 for my ❤
серебряный браслет | | | серебряный браслет
خاتم ذهب | | | خاتم ذهب
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("words", "filters", "wishes", "rest"), ROWS, ids=[row[0] for row in ROWS])
def test_what_is_understood(words: str, filters: str, wishes: str, rest: str) -> None:
    understood = understand(words, SHOP)
    assert ", ".join(chip.id for chip in understood.chips if chip.filter) == filters
    assert ", ".join(chip.id for chip in understood.chips if not chip.filter) == wishes
    assert understood.rest == rest


def test_a_sentence_becomes_filters_wishes_and_chips() -> None:
    understood = understand("Oval emerald ring in rose gold, no pearls, €200 to €400, in stock", SHOP)
    assert understood.filters == Filters(
        type=["ring"],
        metal=["rose gold"],
        stone=["green", "emerald"],
        without={"stone": ["pearl"]},
        price_min=200,
        price_max=400,
        in_stock=True,
    )
    assert understood.prefer == {"cut": ["oval"]}
    assert [(chip.label, chip.text) for chip in understood.chips] == [
        ("oval cut", "Oval"),
        ("green stone", "emerald"),
        ("ring", "ring"),
        ("rose gold", "rose gold"),
        ("not pearl", "no pearls"),
        ("200 to 400", "€200 to €400"),
        ("in stock", "in stock"),
    ]


def test_what_is_known_of_few_pieces_is_a_wish_and_its_words_stay() -> None:
    understood = understand("gold ring with rubies, not silver", Vocabulary(coverage={"metal": 0.5}))
    assert understood.filters == Filters(type=["ring"], without={"metal": ["silver"]})
    assert understood.prefer == {"metal": ["gold"], "stone": ["red"]}
    assert understood.rest == "gold, rubies"


def test_a_chip_that_is_taken_away_gives_its_words_back() -> None:
    words = "rose gold ring with an emerald under 500"
    assert understand(words, SHOP, {"price:-500"}).rest == "emerald under 500"
    assert understand(words, SHOP, {"type:ring", "metal:rose gold"}).rest == "rose gold ring with an emerald"
    assert understand(words, SHOP, {"type:ring"}).filters.type is None


def test_words_that_were_given_back_are_given_back_whole() -> None:
    row = Vocabulary(brands=frozenset({"The Row"}))
    assert understand("ring from the row", row, {"brand:The Row"}).rest == "the row"


def test_without_stones_leaves_only_pieces_that_are_not_known_to_have_one() -> None:
    filters = understand("ring without stones", SHOP).filters
    assert filters.stone is None
    assert set(filters.without["stone"]) == {*VALUES["stone"], "emerald"} - {"none"}


def test_of_two_tags_one_is_understood_since_a_list_of_tags_asks_for_any() -> None:
    understood = understand("vintage gift for her", SHOP)
    assert understood.filters.tags == ["vintage"]
    assert understood.rest == "gift for her"


def test_every_phrase_says_a_value_that_models_tell() -> None:
    assert all(sense.value in VALUES[sense.field] for senses in PHRASES.values() for sense in senses)


WORDS = sorted({word for known in PHRASES for word in known})
MORE = """
    not no without or and nor , - . 500 200-400 €50 1,000 1.5k between from to under over up at most in stock a the with
    any stone Maison Lune étoile vintage gift for her tiara mm carat w/o 💍 rings' 'x' خاتم _
"""
SAID = st.lists(st.sampled_from(WORDS + [*MORE.split(), "\u202e", "\u0301", "\n"] * 8), max_size=12).map(" ".join)
TEXTS = st.one_of(SAID, st.text(max_size=300), st.lists(st.one_of(SAID, st.text(max_size=5))).map("".join))
SHOPS = st.builds(
    Vocabulary,
    tags=st.frozensets(st.sampled_from(["vintage", "gift for her", "", "   ", "!!", "x" * 80, "ring", "500"])),
    brands=st.frozensets(st.sampled_from(["Maison Lune", "Étoile", "Without", "-", "ring", "o"])),
    coverage=st.dictionaries(st.sampled_from(["metal", "stone", "cut", "setting"]), st.sampled_from([0.0, 1.0])),
)


def _ids(understood: Understood) -> list[str]:
    return [chip.id for chip in understood.chips]


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, shop=SHOPS)
@example(text="9" * 400 + "k under " + "9" * 400, shop=SHOP)
@example(text="under " * 60, shop=SHOP)
def test_any_text_is_understood_and_all_that_is_told_of_it_is_true(text: str, shop: Vocabulary) -> None:
    understood = understand(text, shop)
    assert all(chip.text and chip.text in text for chip in understood.chips)
    assert len({*_ids(understood)}) == len(understood.chips)
    for chip in understood.chips:
        TypeAdapter(ChipId).validate_python(chip.id)
    filters = understood.filters.model_dump(exclude_defaults=True)
    assert bool(filters) == any(chip.filter for chip in understood.chips)
    assert bool(understood.prefer) == any(not chip.filter for chip in understood.chips)
    assert all(word in text for word in understood.rest.split(", "))


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, shop=SHOPS)
def test_ignoring_every_chip_leaves_the_words_alone(text: str, shop: Vocabulary) -> None:
    ignored = understand(text, shop, _ids(understand(text, shop)))
    assert ignored == Understood(Filters(), {}, [], text.strip())


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, data=st.data())
def test_ignoring_some_chips_leaves_the_others(text: str, data: st.DataObject) -> None:
    every = _ids(understand(text, SHOP))
    ignored = data.draw(st.sets(st.sampled_from(every))) if every else set()
    assert _ids(understand(text, SHOP, ignored)) == [one for one in every if one not in ignored]


@settings(max_examples=400, deadline=None)
@given(text=TEXTS)
@example("vintage vintage")
def test_what_is_left_is_left_again(text: str) -> None:
    one_tag = Vocabulary(tags=frozenset({"vintage"}), brands=SHOP.brands, values=SHOP.values, coverage=SHOP.coverage)
    rest = understand(text, one_tag).rest
    assert understand(rest, one_tag).rest == rest


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        (
            {"type": "Rings", "metal": "White gold", "stone": "Emerald"},
            {"type": "ring", "metal": "silver", "stone": "green"},
        ),
        ({"Type": "studs", "Metal": "brass"}, {"type": "earring", "metal": "brass"}),
        ({"setting": "Halo", "cut": "princess cut"}, {"setting": "halo", "cut": "princess"}),
        ({"collection": "Spring", "stone": "  ", "metal": "x" * 65, "cut": "a\x07b"}, {}),
    ],
)
def test_what_a_shop_says_of_a_piece_is_told_in_the_values_of_the_models(
    attributes: dict[str, str], said: dict[str, str]
) -> None:
    assert said_of("", attributes) == said


@pytest.mark.parametrize(
    ("title", "said"),
    [
        (
            "Emerald halo ring in rose gold",
            {"type": "ring", "metal": "rose gold", "stone": "green", "setting": "halo"},
        ),
        ("Round hoops in platinum", {"type": "earring", "metal": "silver"}),
        ("Necklace and earrings in silver", {"metal": "silver"}),
        ("Bracelet without stones", {"type": "bracelet"}),
        ("Sapphire and diamond huggies", {"type": "earring", "stone": "blue"}),
        ("Torque in blackened silver", {"type": "necklace", "metal": "black"}),
        ("Watch with a blue dial", {"type": "watch"}),
        ("A gift for her", {}),
    ],
)
def test_a_title_says_of_a_piece_what_its_words_mean_in_a_query(title: str, said: dict[str, str]) -> None:
    assert said_of(title, {}) == said
    assert said_of(title, {"type": "brooch"}) == said | {"type": "brooch"}
