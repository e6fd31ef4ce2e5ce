"""SIGKILL of everything in the middle of an import: what was accepted is found again, and once.

The model is a small one, so that everything else is what is tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.indexer.points import collection_of
from shared import vectorstore
from tests.support import small_model
from tests.support.pictures import catalogue
from tests.support.stack import RunningStack
from tests.support.waiting import until

PICTURES = 400
ROUNDS = 3


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[RunningStack]:
    settings = {
        "EMBEDDER_MODEL_DIRS": str(small_model.small_model(tmp_path / "model")),
        "MODEL_VERSION": small_model.VERSION,
        "MODEL_DIMENSION": str(small_model.DIMENSION),
    }
    running = RunningStack(tmp_path / "home", settings=settings)
    yield running
    running.stop()


def test_all_accepted_pictures_are_indexed_once_after_the_stack_was_killed(stack: RunningStack, tmp_path: Path) -> None:
    file = catalogue(tmp_path / "shop", PICTURES)
    for round_ in range(1, ROUNDS + 1):
        importing = stack.loupe_in_background("import", str(file))
        mark = round_ * PICTURES // (2 * ROUNDS + 1)
        until(lambda mark=mark: _images(stack).get("indexed", 0) >= mark, f"{mark} pictures are indexed", 120)  # type: ignore[misc]
        stack.kill()
        importing.kill()
        importing.wait()
        stack.start()

    accepted = sum(_images(stack).values())
    assert accepted > PICTURES // 2, "the kills came after most uploads: they struck the pipeline, not an empty queue"
    until(lambda: _unfinished(stack) == 0, "every accepted picture has an outcome", 120)

    finished = stack.loupe("import", str(file))
    assert finished.returncode == 0, finished.stderr
    assert _images(stack) == {"indexed": PICTURES}
    until(lambda: stack.api.get("/v1/status").json()["outbox"] == 0, "every message has its outcome")
    stack.stop()

    points = _points(stack)
    assert len(points) == PICTURES, "one point a picture"
    assert max(Counter(points).values()) == 1, "none twice"


def _images(stack: RunningStack) -> dict[str, int]:
    counts: dict[str, int] = stack.api.get("/v1/status").json()["images"]
    return {state: count for state, count in counts.items() if count}


def _unfinished(stack: RunningStack) -> int:
    return sum(count for state, count in _images(stack).items() if state not in ("indexed", "rejected"))


def _points(stack: RunningStack) -> list[str]:
    """The SKU of every point in the index."""
    store = vectorstore.open(f"edge://{stack.home}/vectors", collection_of(small_model.VERSION), small_model.DIMENSION)
    try:
        found, after = [], None
        while page := store.scroll("shop", limit=500, after=after):
            found += [str(point.payload["sku"]) for point in page]
            after = page[-1].id
        return found
    finally:
        store.close()
