"""A cursor goes on in the ranking that was pinned with the first page, whatever has changed since."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select, update

from services.recommender import pins
from services.recommender.history import naive
from services.recommender.pins import Pins
from services.recommender.ranked import Ranked, Ranking
from services.recommender.tables import PinnedRanking
from shared import database
from shared.contracts.internal import HitList
from shared.database import Database
from tests.support.databases import NewDatabase
from tests.support.recommending import DIMENSION, MIGRATIONS, Shop, Shops, by_picture, shops, skus, towards
from tests.support.waiting import until

QUERY = towards(0, 1.0, 1)


@pytest.fixture(scope="module")
def url(new_database: NewDatabase) -> str:
    return new_database()


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, url: str) -> Iterator[Shops]:
    with shops(tmp_path_factory.mktemp("paging"), url) as made:
        yield made


@pytest.fixture
def shop(parts: Shops) -> Shop:
    return parts.new()


@pytest.fixture
def events(url: str) -> Iterator[Database]:
    opened = database.open(url)
    yield opened
    opened.close()


def fill(shop: Shop, count: int, least: float = 0.1, **fields: Any) -> list[str]:
    """Items whose cosine to the query falls from 0.99 to `least`; their SKUs, the nearest first."""
    cosines = np.linspace(0.99, least, count)
    vectors = {f"S-{n:05}": towards(0, float(c), 2 + n % (DIMENSION - 2)) for n, c in enumerate(cosines)}
    shop.pieces(vectors, **fields)
    return list(vectors)


def after(shop: Shop, page: HitList, limit: int = 10, **more: Any) -> Iterator[HitList]:
    """The pages that follow."""
    while page.next:
        page = shop.search(QUERY, limit=limit, cursor=page.next, **more)
        yield page


def test_pages_go_on_beyond_what_was_pinned_at_first(shop: Shop) -> None:
    expected = fill(shop, 250)
    first = shop.search(QUERY, limit=40)
    pages = [first, *after(shop, first, 40)]
    assert [sku for page in pages for sku in skus(page)] == expected
    assert [len(page.hits) for page in pages] == [40] * 6 + [10]
    scores = [hit.score for page in pages for hit in page.hits]
    assert scores == sorted(scores, reverse=True)
    assert {(page.found, page.capped, page.no_match) for page in pages} == {(200, True, False)}
    assert {str(page.facets) for page in pages} == {str(first.facets)}


@pytest.mark.parametrize("kind", ["picture", "newest", "composed"])
def test_while_items_change_a_walk_repeats_and_skips_nothing_of_the_ranking(shop: Shop, kind: str) -> None:
    expected = set(fill(shop, 300, price=50.0))
    parts: dict[str, list[dict[str, Any]]] = {
        "picture": [by_picture(QUERY)],
        "newest": [],
        "composed": [by_picture(QUERY), by_picture(towards(0, 0.9, 2))],
    }
    asked: dict[str, Any] = {"limit": 30, "filters": {"in_stock": True, "price_max": 100}}
    page = shop.compose(*parts[kind], **asked)
    seen = skus(page)
    rng = np.random.default_rng(0)
    gone: set[str] = set()
    for turn in range(100):
        if not page.next:
            break
        left = sorted(expected - gone - set(seen))
        removed, sold_out, dearer, moved = rng.choice(left, 4, replace=False) if len(left) > 40 else [""] * 4
        if removed and turn:
            shop.remove(removed)
            shop.change(sold_out, in_stock=False)
            shop.change(dearer, price=500.0)
            gone |= {removed, sold_out, dearer}
            shop.remove(moved)
            shop.piece(moved, towards(0, 0.999, 5), price=50.0)
            if turn > 4:
                shop.piece(f"LATE-{turn}", towards(0, 0.9999, 5), price=50.0)
        page = shop.compose(*parts[kind], cursor=page.next, **asked)
        seen += skus(page)
    assert len(seen) == len(set(seen)), "an item is on two pages"
    assert set(seen) == expected - gone
    assert gone, "something changed"


def test_ten_thousand_items_can_be_paged_through(shop: Shop) -> None:
    expected = fill(shop, 10_050, least=0.3)
    first = shop.search(QUERY, limit=100)
    assert [s for page in (first, *after(shop, first, 100)) for s in skus(page)] == expected[:10_000]


def test_two_who_go_beyond_the_first_hundred_at_once_read_one_ranking(
    shop: Shop, parts: Shops, events: Database
) -> None:
    expected = fill(shop, 200)
    first = shop.search(QUERY, limit=100)
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda _: shop.search(QUERY, limit=100, cursor=first.next), range(4)))
    assert {tuple(skus(page)) for page in pages} == {tuple(expected[100:])}


def test_another_process_goes_on_where_the_first_page_was_made(shop: Shop, parts: Shops, url: str) -> None:
    expected = fill(shop, 30)
    first = shop.search(QUERY, limit=10)
    stop = threading.Event()
    writing = threading.Thread(target=parts.pins.write_behind, args=(stop,))
    writing.start()
    with parts.beside(url) as other:
        found = other.of(shop).search(QUERY, limit=10, cursor=first.next)
    stop.set()
    writing.join()
    assert skus(found) == expected[10:20]


def test_a_cursor_that_is_over_says_what_to_do(shop: Shop, parts: Shops, events: Database) -> None:
    fill(shop, 30)
    first = shop.search(QUERY, limit=10)
    assert first.next
    parts.pins.write()
    with events.write() as session:
        session.execute(update(PinnedRanking).values(expires_at=naive(datetime.now(UTC)) - timedelta(seconds=1)))
    answer = shop.ask("/search", parts=[by_picture(QUERY)], cursor=first.next)
    assert answer.status_code == 422
    assert "Ask without the cursor" in answer.json()["detail"]


@pytest.mark.parametrize("cursor", ["", "nonsense", "a.b", "a.-1", "a.99999", ".5"])
def test_a_cursor_that_is_none_says_so(shop: Shop, cursor: str) -> None:
    answer = shop.ask("/search", parts=[by_picture(QUERY)], cursor=cursor)
    assert answer.status_code == 422
    assert "cursor" in answer.json()["detail"]


def test_a_cursor_belongs_to_its_request_and_its_shop(shop: Shop, parts: Shops) -> None:
    fill(shop, 30)
    first = shop.search(QUERY, limit=10)
    other = shop.ask("/search", parts=[by_picture(QUERY)], filters={"type": ["ring"]}, cursor=first.next)
    assert (other.status_code, "of another request" in other.json()["detail"]) == (422, True)
    stranger = parts.new()
    assert stranger.ask("/search", parts=[by_picture(QUERY)], cursor=first.next).status_code == 422
    assert shop.search(QUERY, limit=3, cursor=first.next).hits, "the size of a page may change"


def test_a_walk_ends_though_the_item_asked_about_goes_in_between(shop: Shop) -> None:
    shop.piece("SEED", QUERY)
    expected = fill(shop, 130)
    page = shop.similar("SEED", limit=50)
    seen = skus(page)
    shop.remove("SEED")
    while page.next:
        page = shop.similar("SEED", limit=50, cursor=page.next)
        seen += skus(page)
    assert seen[:100] == expected[:100]


def ranking(name: str, items: int = 1) -> Ranking:
    return Ranking(
        name, [Ranked(f"{name}-{n}", 0.5, (0.5,)) for n in range(items)], complete=True, found=1, capped=False
    )


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Database]:
    opened = database.open(f"sqlite:///{tmp_path}/pins.db")
    opened.migrate(MIGRATIONS)
    yield opened
    opened.close()


def test_what_is_written_behind_is_what_was_kept(own: Database) -> None:
    kept = Pins(own)
    names = [kept.keep("acme", ranking(f"R-{n}", n)) for n in range(5)]
    stop = threading.Event()
    writing = threading.Thread(target=kept.write_behind, args=(stop,))
    writing.start()
    other = Pins(own)
    until(lambda: other.find("acme", names[-1]), "it is written")
    stop.set()
    writing.join()
    assert [other.find("acme", name) for name in names] == [kept.find("acme", name) for name in names]
    assert other.find("other", names[0]) is None


def test_of_two_who_complete_a_pin_the_first_one_counts_for_both(own: Database) -> None:
    one, other = Pins(own), Pins(own)
    begun = replace(ranking("BEGUN"), complete=False)
    name = one.keep("acme", begun)
    found = [one.complete("acme", name, ranking("FIRST")), other.complete("acme", name, ranking("SECOND"))]
    assert [each and each.fingerprint for each in found] == ["FIRST", "FIRST"]


def test_pins_whose_time_is_over_go_and_of_too_many_the_oldest(own: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Pins(own)
    over = kept.keep("acme", ranking("OVER"))
    kept.write()
    with own.write() as session:
        session.execute(update(PinnedRanking).values(expires_at=naive(datetime.now(UTC)) - timedelta(seconds=1)))
    names = []
    for number in range(6):
        names.append(kept.keep("acme", ranking(f"R-{number}")))
        kept.write()
    kept.keep("quiet", ranking("R"))
    kept.write()
    monkeypatch.setattr(pins, "MOST_PINS", 4)
    kept.clean()
    with own.read() as session:
        left = set(session.scalars(select(PinnedRanking.name).where(PinnedRanking.tenant == "acme")))
        quiet = session.scalar(select(func.count()).where(PinnedRanking.tenant == "quiet"))
    assert left == set(names[2:])
    assert over not in left
    assert quiet == 1


def test_while_the_database_is_away_pages_are_found_in_the_process_and_are_bounded(tmp_path: Path) -> None:
    away = Pins(database.open(f"sqlite:///{tmp_path}/never-migrated.db"))
    first = away.keep("acme", ranking("FIRST"))
    assert away.find("acme", first) == ranking("FIRST")
    for number in range(1_000):
        away.keep("acme", ranking(f"R-{number}"))
    assert len(away._unwritten) == 1_000
