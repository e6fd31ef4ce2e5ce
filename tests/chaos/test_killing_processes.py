"""SIGKILL of two processes in the middle of an import of 1,000 pictures, three times each in turn: all are found again,
none twice.

Each service and each server is a process. The model is a small one, so that everything else is what is tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared import vectorstore
from shared.contracts.models import INDEX
from tests.support import small_model
from tests.support.pictures import catalogue
from tests.support.stack import RunningStack
from tests.support.waiting import until

PICTURES = 1_000
ROUNDS = 3
SECONDS = 180


PAIRS = [("embedder", "gateway"), ("indexer", "broker"), ("recommender", "object-store")]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    folder = tmp_path_factory.mktemp("processes")
    settings = {
        "EMBEDDER_MODEL_DIRS": str(small_model.small_model(folder / "model")),
        "MODEL_VERSION": small_model.VERSION,
        "MODEL_DIMENSION": str(small_model.DIMENSION),
    }
    running = RunningStack(folder / "home", processes=True, settings=settings)
    yield running
    running.stop()


@pytest.mark.parametrize("parts", PAIRS, ids="-".join)
def test_killed_processes_cost_an_import_neither_a_picture_nor_a_second_one(
    stack: RunningStack, tmp_path: Path, parts: tuple[str, str]
) -> None:
    first = PAIRS.index(parts) * PICTURES
    pictures = catalogue(tmp_path, PICTURES, first, side=160)
    before = images(stack).get("indexed", 0)
    importing = stack.loupe_in_background("import", str(pictures))
    kills = ROUNDS * parts
    for kill, part in enumerate(kills, 1):
        mark = before + kill * PICTURES // (len(kills) + 2)
        until(lambda mark=mark: images(stack).get("indexed", 0) >= mark, f"{mark} pictures are indexed", SECONDS)  # type: ignore[misc]
        (victim,) = stack.children(part)
        victim.kill()
        until(
            lambda part=part, victim=victim: stack.children(part) not in ([], [victim]),  # type: ignore[misc]
            f"another {part} runs",
            SECONDS,
        )
    importing.wait(SECONDS)
    until(lambda: unfinished(stack) == 0, "every accepted picture has an outcome", SECONDS)

    finished = stack.loupe("import", str(pictures))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert images(stack) == {"indexed": before + PICTURES}
    until(lambda: status(stack)["outbox"] == 0, "every message has its outcome", SECONDS)
    points = Counter(indexed_skus(stack))
    assert max(points.values()) == 1, "none twice"
    mine = {f"DRAWN-{number:04}" for number in range(first, first + PICTURES)}
    assert mine <= points.keys(), "every accepted picture can be found"
    assert len(points) == before + PICTURES


def status(stack: RunningStack) -> Any:
    """The gateway may be the one that was killed: ask until it answers."""
    answers: list[Any] = []

    def answered() -> bool:
        with stack.api as api:
            try:
                answer = api.get("/v1/status")
            except Exception:  # noqa: BLE001 - whatever a killed gateway makes of a request
                return False
        if answer.status_code == 200:
            answers.append(answer.json())
        return bool(answers)

    until(answered, "the gateway answers", SECONDS)
    return answers[0]


def images(stack: RunningStack) -> dict[str, int]:
    return {state: count for state, count in status(stack)["images"].items() if count}


def unfinished(stack: RunningStack) -> int:
    return sum(count for state, count in images(stack).items() if state not in ("indexed", "rejected"))


def indexed_skus(stack: RunningStack) -> list[str]:
    """The SKU of every point in the index."""
    directory = vectorstore.directory(stack.facts["vector_store_url"], INDEX)
    active = directory.active()
    assert active
    store = directory.open(active.name, small_model.DIMENSION)
    found: list[str] = []
    after = None
    while page := store.scroll("shop", limit=500, after=after):
        found += [str(point.payload["sku"]) for point in page]
        after = page[-1].id
    store.close()
    directory.close()
    return found
