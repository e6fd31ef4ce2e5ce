"""A shop that imports nothing of ours, by the snippets of the page on queues as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.home import TENANT
from tests.support.pictures import drawing
from tests.support.snippets import run_alone, snippet
from tests.support.stack import RunningStack
from tests.support.waiting import until

PAGE = "docs/queue.md"


@pytest.fixture(params=[False, True], ids=["local", "processes"])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningStack]:
    running = RunningStack(tmp_path / "home", processes=request.param)
    yield running
    running.stop()


def test_a_shop_on_redis_sells_by_queue_and_hears_of_its_picture(stack: RunningStack, tmp_path: Path) -> None:
    (tmp_path / "ring.jpg").write_bytes(drawing(4711))
    given = stack.loupe("tenant", "bus", TENANT)
    assert given.returncode == 0, given.stderr
    here = {"SHOP_BUS_URL": given.stdout.strip(), "SHOP": TENANT}
    said = run_alone(snippet(PAGE, "python", "import redis"), "python", tmp_path, **here)
    assert said.splitlines()[-1] == "loupe.image.indexed RING-1"
    with stack.api as api:
        item = api.get("/v1/items/RING-1").json()
        assert (item["title"], item["price"]) == ("My first ring", 490)
        assert [image["state"] for image in item["images"]] == ["indexed"]
        found = api.post("/v1/search", files={"image": ("p.jpg", drawing(4711), "image/jpeg")}).json()["results"]
        assert found[0]["sku"] == "RING-1"
        until(lambda: not api.get("/v1/users/anna/suggestions").json()["cold"], "the click is known")

        heard = run_alone(snippet(PAGE, "sh", "XADD"), "sh", tmp_path, **here)
        assert "loupe.image.indexed" in heard
        until(lambda: api.get("/v1/items/RING-2").status_code == 200, "the second item is there")

        taken = run_alone(snippet(PAGE, "sh", "XREADGROUP"), "sh", tmp_path, **here)
        assert "loupe.image.indexed" in taken
        assert taken.splitlines()[-1] == "1", "it is acknowledged"
