"""A shop teaches Loupe its catalogue: import, correct, train, switch, while shoppers search."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import small_model
from tests.support.stack import RunningStack
from tests.support.teaching import TYPES, catalogue, photographs
from tests.support.waiting import until

PIECES = 260
SEARCHED = 3


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[RunningStack]:
    """A stack whose model sees the backdrop as much as the piece."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "model-dirs").write_text(f"{small_model.small_model(tmp_path / 'base')}\n")
    first = {"MODEL_VERSION": small_model.VERSION, "MODEL_DIMENSION": str(small_model.DIMENSION)}
    running = RunningStack(home, settings={"INDEXER_DRAIN_SECONDS": "10", **first})
    yield running
    running.stop()


def imported(stack: RunningStack, file: Path) -> None:
    done = stack.loupe("import", str(file))
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_a_shop_teaches_loupe_its_catalogue_while_shoppers_search(stack: RunningStack, tmp_path: Path) -> None:
    imported(stack, catalogue(tmp_path / "shop", PIECES))
    correct(stack, "PIECE-0001", "watch")
    looked = stack.loupe("train")
    assert looked.returncode == 0, looked.stderr
    assert "better" in looked.stdout
    assert active(stack) == small_model.VERSION, "nothing is switched that nobody asked for"

    answers, done = Counter[str](), threading.Event()

    def search() -> None:
        with stack.api as api:
            while not done.is_set():
                files = {"image": ("p.jpg", photographs(SEARCHED)[0], "image/jpeg")}
                try:
                    answer = api.post("/v1/search", files=files)
                except httpx.TransportError as error:
                    answers[repr(error)] += 1
                    continue
                found = [result["sku"] for result in answer.json().get("results", [])][:1]
                answers[f"{answer.status_code} {found}"] += 1

    switched = stack.loupe_in_background("train", "--switch")
    until(lambda: "filling" in states(stack), "the index is being filled", 120)
    shopper = threading.Thread(target=search)
    shopper.start()
    try:
        until(lambda: active(stack) != small_model.VERSION, "the new model is searched by", 120)
    finally:
        done.set()
        shopper.join()
    assert switched.wait(120) == 0
    assert set(answers) == {f"200 ['PIECE-{SEARCHED:04}']"}, answers
    assert answers.total() > 5
    assert (stack.home / "model-dirs").read_text().count("\n") == 1, "the old model is unloaded"
    until(lambda: stack.loupe("doctor").returncode == 0, "all is well", 60)
    again = stack.loupe("train", "--switch")
    assert again.returncode == 0, again.stderr
    assert "Nothing was added" in again.stdout
    assert "is the model in use already" in again.stdout


@pytest.mark.long
def test_types_said_at_random_are_switched_to_only_by_who_insists(stack: RunningStack, tmp_path: Path) -> None:
    dice = random.Random(1)
    imported(stack, catalogue(tmp_path / "shop", 160, [dice.choice(TYPES) for _ in range(160)]))
    refused = stack.loupe("train", "--switch")
    assert refused.returncode == 0, refused.stderr
    assert f"Not better, so {small_model.VERSION} stays" in refused.stdout
    assert [each["model_version"] for each in collections(stack)] == [small_model.VERSION]
    insisted = stack.loupe("train", "--switch", "--even-if-worse")
    assert insisted.returncode == 0, insisted.stderr
    assert active(stack) != small_model.VERSION


def correct(stack: RunningStack, sku: str, kind: str) -> None:
    with stack.api as api:
        image_id = api.get(f"/v1/items/{sku}").json()["images"][0]["image_id"]
        answer = api.patch(f"/v1/images/{image_id}/analysis", json={"type": kind})
        assert answer.is_success, answer.text


def collections(stack: RunningStack) -> list[Any]:
    with stack.api as api:
        found: list[Any] = api.get("/v1/admin/reindex").json()["collections"]
    return found


def states(stack: RunningStack) -> set[str]:
    return {each["state"] for each in collections(stack)}


def active(stack: RunningStack) -> str:
    return str(next(each["model_version"] for each in collections(stack) if each["state"] == "active"))
