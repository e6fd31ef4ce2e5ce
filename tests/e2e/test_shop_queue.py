"""A shop that imports nothing of ours, by the snippets of the page on queues as they stand."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from redis import Redis

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
        assert taken.splitlines()[-1] == "1", "it is acknowledged"
        if "ports" in stack.facts:  # on servers, whose files are theirs
            return
        nothing_is_left_of("anna-of-the-shop", "anna@example.com", stack, api, given.stdout.strip())


def nothing_is_left_of(user: str, mail: str, stack: RunningStack, api: httpx.Client, bus_url: str) -> None:
    """A shopper is told, then erased: no store has them by its own means, nor a file once it is written anew."""
    admin = stack.loupe("key", "add", TENANT, "--scope", "admin", "--name", "rights").stdout.split()[0]
    rights = {"Authorization": f"Bearer {admin}"}
    happened = {"type": "viewed", "sku": "RING-1", "at": "2026-05-01T12:00:00Z", "user_id": user}
    events = [happened | {"id": f"{user}-{number}"} for number in range(50)]
    assert api.post("/v1/events", json={"events": [*events, happened | {"id": "b", "user_id": "boris"}]}).is_success
    line = Redis.from_url(bus_url)
    neighbour = happened | {"id": "y", "user_id": "boris", "mail": "boris@example.com"}
    held, broken = happened | {"id": f"{user}-held", "sku": "NOT-YET"}, happened | {"id": "x", "mail": mail}
    for told in (held, neighbour, broken):
        body = {"specversion": "1.0", "id": told["id"], "source": "/s", "type": "shop.user.event", "data": told}
        line.xadd(f"loupe:shop:{TENANT}:in", {"event": json.dumps(body)})
    until(lambda: not api.get(f"/v1/users/{user}/suggestions").json()["cold"], "the history knows them")
    until(lambda: line.xlen(f"loupe:shop:{TENANT}:dead") == 2, "what broke the contract is a dead letter")
    export = api.post(f"/v1/users/{user}:export", headers=rights).headers["location"]
    until(lambda: api.get(export, headers=rights).json()["state"] == "done", "it is exported")
    with zipfile.ZipFile(io.BytesIO(api.get(f"{export}/data", headers=rights).content)) as archive:
        assert len(archive.read("events.jsonl").splitlines()) == 50
        assert mail.encode() in archive.read("shop-bus-dead.jsonl")

    erasure = api.post(f"/v1/users/{user}:erase", json={"also": [mail]}, headers=rights).headers["location"]
    until(lambda: api.get(erasure, headers=rights).json()["state"] == "done", "they are erased", 60)
    found = api.get(erasure, headers=rights).json()["found"]
    assert (found["history: events"], found["shop bus: dead"], found["exports"]) == (50, 1, 1)
    assert api.get(f"{export}/data", headers=rights).status_code == 404
    names = (user.encode(), mail.encode())
    facts = stack.facts
    for url in (facts["broker_url"], facts["shop_bus_url"]):
        assert not any(name in dump for dump in dumps(url) for name in names)
    for file in stack.home.glob("*.db"):
        with closing(sqlite3.connect(file)) as opened:
            assert not any(name.decode() in line for line in opened.iterdump() for name in names), file
    assert [path for path in (stack.home / "objects").rglob("*") if path.is_file() and holds(path, names)] == []
    assert [path for path in (stack.home / "logs").rglob("*") if path.is_file() and holds(path, names)] == []
    assert stack.loupe("compact").returncode == 0
    until(lambda: not [path for path in stack.home.rglob("*") if path.is_file() and holds(path, names)], "no file has")


def dumps(url: str) -> Iterator[bytes]:
    """Each key of a Redis, and what it holds as its own commands show it."""
    server = Redis.from_url(url)
    for key in server.scan_iter():
        kind = server.type(key)
        if kind == b"stream":
            yield repr(server.xrange(key)).encode()
        elif kind == b"list":
            yield repr(server.lrange(key, 0, -1)).encode()
        elif kind == b"hash":
            yield repr(server.hgetall(key)).encode()
        elif kind == b"string":
            yield repr(server.get(key)).encode()
        yield key


def holds(path: Path, names: Sequence[bytes]) -> bool:
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # it went meanwhile
        return False
    return any(name in content for name in names)
