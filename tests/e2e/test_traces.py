"""One trace from an upload to the picture's place in the index, through HTTP, the outbox and every queue."""

from __future__ import annotations

from pathlib import Path

from tests.support.pictures import drawing
from tests.support.stack import RunningStack
from tests.support.tracing import Collected, Seen, collecting
from tests.support.waiting import until

PATIENCE_SECONDS = 60


def test_an_upload_is_followed_until_it_is_indexed_and_a_search_through_every_service(tmp_path: Path) -> None:
    with collecting() as collected:
        sent_often = {"OTEL_EXPORTER_OTLP_ENDPOINT": collected.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        stack = RunningStack(tmp_path / "home", settings=sent_often)
        try:
            with stack.api as api:
                api.put("/v1/items/RING-1", json={"title": "A ring"}).raise_for_status()
                picture = {"file": ("p.jpg", drawing(1), "image/jpeg")}
                status_url = api.post("/v1/items/RING-1/images", files=picture).raise_for_status().json()["status_url"]
                until(lambda: api.get(status_url).json()["state"] == "indexed", "it is indexed", PATIENCE_SECONDS)
                uploaded = trace_of(collected, "POST /v1/items/{sku}/images", "image.indexed")
                photo = {"image": ("p.jpg", drawing(2), "image/jpeg")}
                api.post("/v1/search", files=photo).raise_for_status()
                searched = trace_of(collected, "POST /v1/search", "POST /search")
        finally:
            stack.stop()
    steps = [
        ("gateway", "POST /v1/items/{sku}/images"),
        ("gateway", "outbox"),
        ("embedder", "image.stored"),
        ("indexer", "image.analysed"),
        ("gateway", "image.indexed"),
    ]
    assert [step for step in steps if step not in named(uploaded)] == []
    assert {"read", "decode", "find", "forward", "write"} <= {
        span.name for span in uploaded if span.service == "embedder"
    }
    assert {("gateway", "recommender"), ("embedder", "POST /analyse"), ("recommender", "POST /search")} <= named(
        searched
    )
    for trace in (uploaded, searched):
        (first,) = (span for span in trace if not span.parent)
        assert first.service == "gateway"
        ids = {span.id for span in trace}
        assert all(span.parent in ids for span in trace if span is not first), "each hangs on another of its trace"


def named(trace: list[Seen]) -> set[tuple[str, str]]:
    return {(span.service, span.name) for span in trace}


def trace_of(collected: Collected, first: str, last: str) -> list[Seen]:
    """All spans of the trace that begins with `first`, once those and `last` have come."""
    found: list[Seen] = []

    def whole() -> bool:
        for begun in [span for span in collected.spans if span.name == first and not span.parent]:
            found[:] = collected.of(begun.trace)
            if any(span.name == last for span in found):
                ids = {span.id for span in found}
                return all(not span.parent or span.parent in ids for span in found)
        return False

    until(whole, f"a trace goes from {first} to {last}", PATIENCE_SECONDS)
    return found
