"""Search and similar over the real engine, through the HTTP app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.analysis import ATTRIBUTES, Box
from shared.contracts.fields import Vector, pack_vector
from tests.support.databases import NewDatabase
from tests.support.recommending import DIMENSION, MODEL, Shop, Shops, shops, skus, towards


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase) -> Iterator[Shops]:
    with shops(tmp_path_factory.mktemp("recommender"), new_database()) as made:
        yield made


@pytest.fixture
def shop(parts: Shops) -> Shop:
    return parts.new()


def test_an_item_is_listed_once_at_its_best_picture_with_its_true_similarity(shop: Shop) -> None:
    shop.piece("TWO-VIEWS", towards(0, 0.7, 2), towards(0, 0.9, 3))
    shop.piece("BETWEEN", towards(0, 0.8, 4), type="watch")
    found = shop.search(towards(0, 1.0, 1))
    assert [(hit.sku, hit.image_id, hit.type) for hit in found.hits] == [
        ("TWO-VIEWS", "TWO-VIEWS-1", "ring"),
        ("BETWEEN", "BETWEEN-0", "watch"),
    ]
    assert [hit.score for hit in found.hits] == pytest.approx([0.9, 0.8], abs=1e-5)
    assert [hit.source.similarity for hit in found.hits] == pytest.approx([0.9, 0.8], abs=1e-5)
    assert {hit.source.kind for hit in found.hits} == {"picture"}
    assert found.next is None
    assert not found.no_match


def test_a_piece_with_very_many_pictures_does_not_hide_the_next_one(shop: Shop) -> None:
    shop.piece("MANY", *(towards(0, 0.9, 2 + view % 10) for view in range(50)))
    shop.piece("NEXT", towards(0, 0.8, 3))
    first = shop.search(towards(0, 1.0, 1), limit=1)
    assert skus(first) == ["MANY"]
    second = shop.search(towards(0, 1.0, 1), limit=1, cursor=first.next)
    assert (skus(second), second.next) == (["NEXT"], None)


def test_of_a_picture_of_several_pieces_the_best_counts_once_and_its_box_is_told(shop: Shop) -> None:
    shop.piece("SET", towards(0, 0.7, 2))
    shop.piece("SET", towards(0, 0.9, 3), piece=1, x0=0.5, y1=0.75, type="watch", image_id="SET-0")
    shop.piece("NEXT", towards(0, 0.8, 4))
    found = shop.search(towards(0, 1.0, 1))
    assert [(hit.sku, hit.image_id, hit.type, hit.box) for hit in found.hits] == [
        ("SET", "SET-0", "watch", Box(x0=0.5, y1=0.75)),
        ("NEXT", "NEXT-0", "ring", Box()),
    ]


def test_similar_items_are_like_the_main_piece_and_not_what_lies_beside_it(shop: Shop) -> None:
    shop.piece("SEED", towards(0, 1.0, 1))
    for beside in range(1, 12):
        shop.piece("SEED", towards(5, 1.0, 1), piece=beside)
    shop.piece("LIKE-THE-MAIN", towards(0, 0.7, 2))
    shop.piece("LIKE-WHAT-LIES-BESIDE", towards(5, 0.9, 2))
    assert skus(shop.similar("SEED"))[0] == "LIKE-THE-MAIN"


def test_nothing_near_enough_is_said_and_the_nearest_are_listed_anyway(shop: Shop) -> None:
    shop.piece("FAR", towards(0, 0.3, 1))
    found = shop.search(towards(0, 1.0, 1))
    assert found.no_match
    assert skus(found) == ["FAR"]


def test_an_empty_shop_is_no_match(shop: Shop) -> None:
    found = shop.search(towards(0, 1.0, 1))
    assert found.no_match
    assert found.hits == []
    assert found.next is None


def test_a_vector_that_points_away_scores_zero(shop: Shop) -> None:
    shop.piece("OPPOSITE", -towards(0, 1.0, 1))
    assert shop.search(towards(0, 1.0, 1)).hits[0].score == 0


def test_filters_are_kept_by_every_result(shop: Shop) -> None:
    near = towards(0, 0.9, 2)
    shop.piece("RING", near, price=50.0, tags=["gold", "new"])
    shop.piece("WATCH", near, type="watch", price=500.0, tags=["steel"])
    shop.piece("SOLD-OUT", near, price=60.0, in_stock=False)
    shop.piece("UNPRICED", near)
    query = towards(0, 1.0, 1)
    assert skus(shop.search(query, filters={"type": ["watch", "brooch"]})) == ["WATCH"]
    assert skus(shop.search(query, filters={"tags": ["gold"]})) == ["RING"]
    assert set(skus(shop.search(query, filters={"price_max": 100}))) == {"RING", "SOLD-OUT"}
    assert skus(shop.search(query, filters={"price_min": 100})) == ["WATCH"]
    assert skus(shop.search(query, filters={"in_stock": False})) == ["SOLD-OUT"]
    assert "SOLD-OUT" not in skus(shop.search(query, filters={"in_stock": True}))
    assert "RING" not in skus(shop.search(query, filters={"exclude_skus": ["RING"]}))


@pytest.mark.parametrize("name", [name for name in ATTRIBUTES if name != "type"])
def test_what_is_not_known_of_a_piece_never_passes_a_filter_by_it(shop: Shop, name: str) -> None:
    this: dict[str, Any] = {name: "this"}
    that: dict[str, Any] = {name: "that"}
    shop.piece("ONE", towards(0, 0.9, 2), **this)
    shop.piece("OTHER", towards(0, 0.9, 3), **that)
    shop.piece("UNKNOWN", towards(0, 0.9, 4))
    assert skus(shop.search(towards(0, 1.0, 1), filters={name: ["this", "neither"]})) == ["ONE"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pictures=st.lists(st.integers(0, 12), min_size=1, max_size=60),
    limit=st.integers(1, 7),
    seed=st.integers(0, 1000),
)
def test_pages_put_together_are_the_brute_force_ranking(
    parts: Shops, pictures: list[int], limit: int, seed: int
) -> None:
    shop = parts.new()
    generator = np.random.default_rng(seed)
    query, *vectors = (unit(generator) for _ in range(len(pictures) + 1))
    of_item: dict[str, list[Vector]] = {}
    for item, vector in zip(pictures, vectors, strict=True):
        of_item.setdefault(f"S{item}", []).append(vector)
    for sku, own in of_item.items():
        shop.piece(sku, *own)
    best = {sku: max(float(v @ query) for v in own) for sku, own in of_item.items()}
    page = shop.search(query, limit=limit)
    paged = skus(page)
    while page.next:
        assert len(page.hits) == limit
        page = shop.search(query, limit=limit, cursor=page.next)
        paged += skus(page)
    assert paged == sorted(best, key=lambda sku: -best[sku])


def test_similar_pieces_are_found_by_the_nearest_pair_of_pictures_without_the_piece_itself(shop: Shop) -> None:
    shop.piece("SEED", towards(0, 1.0, 1), towards(5, 1.0, 1))
    shop.piece("LIKE-VIEW-1", towards(0, 0.8, 2))
    shop.piece("LIKE-VIEW-2", towards(5, 0.9, 3))
    found = shop.similar("SEED")
    assert skus(found) == ["LIKE-VIEW-2", "LIKE-VIEW-1"]
    assert [(hit.source.kind, hit.source.sku) for hit in found.hits] == [("item", "SEED")] * 2
    assert found.hits[0].source.similarity == pytest.approx(0.9, abs=1e-5)
    first = shop.similar("SEED", limit=1)
    assert skus(shop.similar("SEED", limit=1, cursor=first.next)) == ["LIKE-VIEW-1"]


def test_similar_to_an_unknown_item_is_not_found_in_words(shop: Shop) -> None:
    answer = shop.ask("/similar", sku="NOWHERE")
    assert answer.status_code == 404
    assert "NOWHERE" in answer.json()["detail"]


def test_one_shop_never_sees_anothers_pieces(parts: Shops) -> None:
    ours, theirs = parts.new(), parts.new()
    theirs.piece("THEIRS", towards(0, 1.0, 1))
    assert ours.search(towards(0, 1.0, 1)).hits == []
    assert ours.ask("/similar", sku="THEIRS").status_code == 404


@pytest.mark.parametrize(
    ("vector", "told"),
    [
        ("not base64!", "base64"),
        (pack_vector(np.ones(3, dtype=np.float32)), f"{DIMENSION}"),
        (pack_vector(np.ones(DIMENSION, dtype=np.float32)), "unit length"),
        (pack_vector(np.full(DIMENSION, np.nan, dtype=np.float32)), "unit length"),
    ],
)
def test_a_vector_that_no_model_made_is_refused_in_words(shop: Shop, vector: str, told: str) -> None:
    answer = shop.ask("/search", parts=[{"vectors": {MODEL: vector}}])
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


def test_of_several_vectors_that_of_the_searched_model_counts_and_without_it_the_search_says_what_to_do(
    shop: Shop,
) -> None:
    shop.piece("RING", towards(0, 0.9, 1))
    other = {"model-0": pack_vector(np.ones(3, dtype=np.float32))}
    found = shop.ask("/search", parts=[{"vectors": other | {MODEL: pack_vector(towards(0, 0.9, 1))}}])
    assert found.json()["hits"][0]["score"] == 1.0
    refused = shop.ask("/search", parts=[{"vectors": other}])
    assert refused.status_code == 422
    assert "none by model model-1" in refused.json()["detail"]
    assert "EMBEDDER_MODEL_DIRS" in refused.json()["detail"]


def unit(generator: np.random.Generator) -> Vector:
    vector = generator.normal(size=DIMENSION).astype(np.float32)
    normalised: Vector = vector / np.linalg.norm(vector)
    return normalised


def test_the_vocabulary_counts_the_main_pieces_of_all_pictures_however_many(shop: Shop) -> None:
    shop.pieces({f"NEW-{n}": towards(0, 0.9, 2) for n in range(150)}, tags=["sale"])
    shop.piece("OLD", towards(0, 0.9, 3), age_days=400, tags=["vintage", "sale"], brand="Lumen")
    shop.piece("OLD", towards(0, 0.9, 3), piece=1, brand="Beside")
    counted = shop.ask("/vocabulary").json()
    assert counted["pictures"] == 151
    assert counted["values"]["tags"] == {"sale": 151, "vintage": 1}
    assert counted["values"]["brand"] == {"Lumen": 1}
    assert counted["values"]["type"] == {"ring": 151}
    assert counted["values"]["stone"] == {}
