"""A reason is true: without what it names, the hit scores less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.fields import Vector
from shared.contracts.internal import Hit
from shared.contracts.models import Sameness
from tests.support.recommending import DIMENSION, FACTS, Shop, Shops, by_picture, by_words, shops, towards

FORM = 12
COLOUR_WEIGHT = 0.3
MODEL = FACTS.model_copy(update={"form_dimension": FORM, "same": Sameness(slope=10, offset=-4)})


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("reasons")
    with shops(folder, f"sqlite:///{folder}/recommender.db", MODEL) as made:
        yield made


@pytest.fixture
def shop(parts: Shops) -> Shop:
    return parts.new()


def look(form: npt.NDArray[np.floating], colours: npt.NDArray[np.floating]) -> Vector:
    form, colours = form / np.linalg.norm(form), colours / np.linalg.norm(colours)
    joined = np.concatenate([form * np.sqrt(1 - COLOUR_WEIGHT), colours * np.sqrt(COLOUR_WEIGHT)])
    return np.asarray(joined, dtype=np.float32)


def random_look(generator: np.random.Generator) -> Vector:
    return look(generator.normal(size=FORM), generator.normal(size=DIMENSION - FORM))


def share(hit: Hit, kind: str) -> float:
    return sum(reason.share for reason in hit.reasons if reason.kind == kind)


def best(query: Vector, pieces: Sequence[Vector]) -> float:
    return max(0.0, *(float(query @ piece) for piece in pieces))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), views=st.lists(st.integers(1, 3), min_size=1, max_size=6), several=st.booleans())
def test_without_its_form_or_its_colours_a_hit_scores_less(
    parts: Shops, seed: int, views: list[int], several: bool
) -> None:
    """The query's numbers of that part are set to zero, and each item is scored again at its then best piece."""
    shop = parts.new()
    generator = np.random.default_rng(seed)
    queries = [random_look(generator) for _ in range(1 + several)]
    items = {f"S-{n}": [random_look(generator) for _ in range(count)] for n, count in enumerate(views)}
    for sku, pieces in items.items():
        shop.piece(sku, *pieces, in_stock=False)
    for hit in shop.compose(*map(by_picture, queries)).hits:
        whole = sum(best(query, items[hit.sku]) for query in queries)
        for kind, numbers in (("form", slice(0, FORM)), ("colour", slice(FORM, None))):
            without = [query.copy() for query in queries]
            for query in without:
                query[numbers] = 0
            left = sum(best(query, items[hit.sku]) for query in without)
            expected = max(0.0, 1 - left / whole) if whole else 0.0
            assert share(hit, kind) == pytest.approx(expected, abs=2e-3), kind


def test_of_one_picture_the_shares_of_form_and_colour_are_those_of_the_cosine(shop: Shop) -> None:
    form, other, colours = np.eye(FORM)[0], np.eye(FORM)[1], np.eye(DIMENSION - FORM)[0]
    shop.piece("ALL", look(form, colours))
    shop.piece("COLOUR-ALONE", look(other, colours))
    found = {hit.sku: hit for hit in shop.search(look(form, colours)).hits}
    assert [(reason.kind, reason.share) for reason in found["ALL"].reasons] == [("form", 0.7), ("colour", 0.3)]
    assert [(reason.kind, reason.share) for reason in found["COLOUR-ALONE"].reasons] == [("colour", 1.0)]


def test_of_a_model_that_does_not_tell_them_apart_neither_is_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("undivided")
    with shops(folder, f"sqlite:///{folder}/recommender.db") as made:
        shop = made.new()
        shop.piece("ONE", towards(0, 0.9, 1))
        assert shop.search(towards(0, 1.0, 1)).hits[0].reasons == []


@pytest.mark.parametrize(("kind", "value"), [("metal", "gold"), ("setting", "halo"), ("type", "ring")])
def test_without_an_attribute_that_it_shares_a_hit_scores_less(shop: Shop, kind: str, value: str) -> None:
    shop.piece("SEED", towards(0, 1.0, 1), metal="gold", setting="halo")
    shop.piece("HIT", towards(0, 0.8, 1), metal="gold", setting="halo")
    (before,) = shop.similar("SEED").hits
    assert value in [reason.value for reason in before.reasons if reason.kind == kind]
    shop.change("HIT", **{kind: None})
    (after,) = shop.similar("SEED").hits
    assert after.score < before.score
    assert share(before, kind) == pytest.approx(1 - after.score / before.score, abs=1e-3)
    assert kind not in [reason.kind for reason in after.reasons]


def test_what_differs_is_told_last_and_has_no_share(shop: Shop) -> None:
    shop.piece("SEED", towards(0, 1.0, 1), metal="gold", setting="halo")
    shop.piece("HIT", towards(0, 0.8, 1), metal="silver", setting="halo", stone="green")
    (hit,) = shop.similar("SEED").hits
    assert [reason.kind for reason in hit.reasons if not reason.differs][-1] != "metal"
    last = hit.reasons[-1]
    assert (last.kind, last.value, last.differs, last.share) == ("metal", "silver", True, 0)
    assert "stone" not in [reason.kind for reason in hit.reasons], "of the other piece it is not known"


@pytest.mark.parametrize(("kind", "change"), [("stock", {"in_stock": False}), ("new", {"created_ts": 0.0})])
def test_without_a_boost_a_hit_scores_less(shop: Shop, kind: str, change: dict[str, object]) -> None:
    shop.piece("SEED", towards(0, 1.0, 1))
    shop.piece("HIT", towards(0, 0.8, 1), age_days=1)
    (before,) = shop.similar("SEED").hits
    assert share(before, kind) > 0
    shop.change("HIT", **change)
    (after,) = shop.similar("SEED").hits
    assert after.score < before.score
    assert share(after, kind) == 0


def test_without_the_words_a_hit_scores_less(shop: Shop) -> None:
    shop.piece("HIT", look(np.eye(FORM)[0], np.ones(4)), words="halo ring", in_stock=False)
    picture = by_picture(look(np.eye(FORM)[0], np.eye(4)[0]))
    (hit,) = shop.compose(picture, by_words("halo"), prefer={"type": ["ring"]}).hits
    assert hit.source.similarity
    without = 0.8 * 0.5 * hit.source.similarity + 0.2
    assert hit.score == pytest.approx(without + 0.8 * 0.5)
    assert share(hit, "words") == pytest.approx(1 - without / hit.score, abs=1e-3)


def test_reasons_are_told_the_strongest_first(shop: Shop) -> None:
    generator = np.random.default_rng(3)
    shop.piece("SEED", random_look(generator), metal="gold")
    for number in range(20):
        shop.piece(f"S-{number}", random_look(generator), metal="gold")
    for hit in shop.similar("SEED").hits:
        shares = [reason.share for reason in hit.reasons]
        assert shares == sorted(shares, reverse=True)


def test_the_same_piece_is_told_where_it_is_as_likely_as_not(shop: Shop) -> None:
    generator = np.random.default_rng(4)
    query = random_look(generator)
    shop.piece("ITSELF", query)
    shop.piece("OTHER", random_look(generator))
    assert {hit.sku: hit.verdict for hit in shop.search(query).hits}["ITSELF"] == "same"
    shop.piece("TWIN", query)
    assert {hit.verdict for hit in shop.search(query).hits[:2]} == {"similar"}, "two contend, so neither is likely"
