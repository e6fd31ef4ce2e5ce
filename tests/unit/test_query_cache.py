"""What is kept of queries is bounded in time, number and bytes."""

from __future__ import annotations

from services.gateway.query_cache import QueryCache
from tests.support.waiting import until


def cache(seconds: float = 60, entries: int = 3, size: int = 100) -> QueryCache[str]:
    return QueryCache("test", seconds=seconds, entries=entries, size=size)


def test_what_is_used_stays_and_what_is_not_goes_first() -> None:
    kept = cache()
    for key in ("a", "b", "c"):
        kept.put(key, key, 1)
    assert kept.get("a") == "a"
    kept.put("d", "d", 1)
    assert [kept.get(key) for key in ("a", "b", "c", "d")] == ["a", None, "c", "d"]


def test_bytes_are_bounded_whatever_the_number() -> None:
    kept = cache()
    kept.put("a", "a", 60)
    kept.put("b", "b", 60)
    assert (kept.get("a"), kept.get("b")) == (None, "b")
    kept.put("b", "again", 90)
    assert kept.get("b") == "again", "its old bytes no longer count"
    kept.put("c", "c", 101)
    assert (kept.get("b"), kept.get("c")) == ("again", None)


def test_nothing_outlives_its_time() -> None:
    kept = cache(seconds=0.05)
    kept.put("a", "a", 1)
    assert kept.get("a") == "a"
    until(lambda: kept.get("a") is None, "its time is over")
