"""When a call is tried again, how long that goes on, and what it raises in the end: of both clients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from loupe.client import (
    Conflict,
    Failed,
    Invalid,
    ItemIn,
    ItemPut,
    NoAnswer,
    NotFound,
    NotUnderstood,
    PreconditionFailed,
    TooManyRequests,
    Unavailable,
)
from tests.support.broker import free_port
from tests.support.clients import Caller
from tests.support.scripted import Said, scripted

ITEM = {
    "sku": "RING-1",
    "title": "A ring",
    "revision": 3,
    "created_at": "2026-05-01T12:00:00Z",
    "updated_at": "2026-05-01T12:00:00Z",
}
FOUND = Said(200, ITEM)
PUT = Said(200, {"created": 1, "updated": 0, "unchanged": 0})
BROKEN = Said(0)
ONE = [ItemPut(sku="RING-1", title="A ring")]

Make = Callable[..., Caller]


def refused(status: int, code: str = "kind", /, headers: dict[str, str] | None = None, **more: Any) -> Said:
    problem = {"type": f"urn:loupe:problem:{code}", "title": "A title", "status": status, "detail": "What to do."}
    return Said(status, problem | more, {"Content-Type": "application/problem+json"} | (headers or {}))


@pytest.fixture(params=["blocking", "awaited"])
def make(request: pytest.FixtureRequest) -> Make:
    return lambda address, **settings: Caller(request.param, address, **settings)


@pytest.mark.parametrize("passing", [refused(503), refused(429), Said(502, "<html>"), Said(504, "<html>"), BROKEN])
def test_what_may_pass_is_tried_again(make: Make, passing: Said) -> None:
    with scripted(passing, passing, FOUND) as server:
        assert make(server.address)("get_item", "RING-1").revision == 3
    assert [asked.method for asked in server.asked] == ["GET"] * 3


def test_a_repeat_has_the_same_bytes_and_the_same_key_and_another_call_has_another_key(
    make: Make, tmp_path: Path
) -> None:
    (tmp_path / "ring.jpg").write_bytes(b"a picture")
    accepted = Said(202, {"image_id": "0" * 36, "status_url": "/v1/images/0"})
    with scripted(BROKEN, refused(503), accepted) as server:
        client = make(server.address)
        client("add_image", "RING-1", tmp_path / "ring.jpg")
        client("add_image", "RING-1", tmp_path / "ring.jpg")
    first, second, third, other = server.asked
    assert b"a picture" in first.body
    assert first.body == second.body == third.body
    keys = [asked.headers["idempotency-key"] for asked in server.asked]
    assert keys[0] == keys[1] == keys[2] != other.headers["idempotency-key"]


def test_only_what_changes_something_and_could_do_so_twice_has_a_key(make: Make) -> None:
    with scripted(Said(200, {"results": []}), FOUND, FOUND) as server:
        client = make(server.address)
        client("search", words="a ring")
        client("get_item", "RING-1")
        client("put_item", "RING-1", ItemIn(title="A ring"))
    assert [asked.headers.get("idempotency-key") for asked in server.asked] == [None] * 3


def test_retry_after_is_waited_for(make: Make) -> None:
    with scripted(refused(503, headers={"Retry-After": "1"}), FOUND) as server:
        make(server.address)("get_item", "RING-1")
    first, second = server.asked
    assert second.at - first.at >= 1.0


@pytest.mark.parametrize("patience", [5, 600])
def test_a_wait_beyond_the_patience_is_told_at_once(make: Make, patience: float) -> None:
    asked = "8" if patience < 8 else format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    long = refused(429, "too-many-requests", headers={"Retry-After": asked})
    with scripted(long, FOUND) as server, pytest.raises(TooManyRequests, match=r"A title: What to do\.") as caught:
        make(server.address, patience=patience)("get_item", "RING-1")
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, asked)
    assert len(server.asked) == 1


def test_patience_ends(make: Make) -> None:
    with scripted(refused(503)) as server:
        with pytest.raises(Unavailable) as caught:
            make(server.address, patience=1)("get_item", "RING-1")
        assert 2 <= len(server.asked) < 10
        with pytest.raises(Unavailable):
            make(server.address, patience=0)("get_item", "RING-1")
    assert caught.value.problem.detail == "What to do."


def test_nobody_at_the_address_is_told_as_that(make: Make) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(NoAnswer, match=f"Nothing answers at {address}"):
        make(address, patience=0)("get_item", "RING-1")


def test_an_answer_that_does_not_come_in_time_is_told_as_that(make: Make) -> None:
    with scripted(Said(200, ITEM, after=1.0)) as server, pytest.raises(NoAnswer, match=r"within 0\.2 s"):
        make(server.address, seconds=0.2, patience=0)("get_item", "RING-1")


@pytest.mark.parametrize(
    ("status", "error"), [(400, Invalid), (409, Conflict), (412, PreconditionFailed), (404, NotFound), (500, Failed)]
)
def test_what_was_refused_is_not_tried_again(make: Make, status: int, error: type[Exception]) -> None:
    no = refused(status, errors=[{"path": "body.price", "message": "is no number"}])
    with scripted(no) as server, pytest.raises(error) as caught:
        make(server.address)("put_items", ONE)
    assert len(server.asked) == 1
    problem = caught.value
    assert (problem.status, problem.problem.type) == (status, "urn:loupe:problem:kind")  # type: ignore[attr-defined]
    assert [field.path for field in problem.fields] == ["body.price"]  # type: ignore[attr-defined]


def test_the_answer_of_a_first_try_that_is_still_in_work_is_waited_for(make: Make) -> None:
    with scripted(BROKEN, refused(409, headers={"Retry-After": "0"}), PUT) as server:
        assert make(server.address)("put_items", ONE).created == 1
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 1


def test_a_change_of_one_revision_that_may_have_been_made_is_not_made_again(make: Make) -> None:
    item = ItemIn(title="A ring")
    with scripted(BROKEN, FOUND) as server, pytest.raises(NoAnswer):
        make(server.address)("put_item", "RING-1", item, if_match=2)
    assert len(server.asked) == 1
    with scripted(refused(429), FOUND) as server:
        make(server.address)("put_item", "RING-1", item, if_match=2)
    assert [asked.headers["if-match"] for asked in server.asked] == ['"r2"', '"r2"']


def test_a_removal_that_was_done_by_a_try_without_an_answer_is_done(make: Make) -> None:
    for first in (BROKEN, refused(503)):
        with scripted(first, refused(404)) as server:
            assert make(server.address)("remove_item", "RING-1") is None
    for first in (refused(429), refused(404)):
        with scripted(first, refused(404)) as server, pytest.raises(NotFound):
            make(server.address)("remove_item", "RING-1")


def test_an_older_client_reads_the_answers_of_a_newer_loupe(make: Make) -> None:
    with scripted(Said(200, ITEM | {"lead_time": 3})) as server:
        assert make(server.address)("get_item", "RING-1").title == "A ring"


def test_an_answer_of_something_else_is_told_as_that(make: Make) -> None:
    with (
        scripted(Said(200, "<html>Welcome</html>")) as server,
        pytest.raises(NotUnderstood, match=r"/v1/items/\{sku\}"),
    ):
        make(server.address)("get_item", "RING-1")


def test_a_path_is_made_of_any_sku(make: Make) -> None:
    with scripted(FOUND) as server:
        make(server.address)("get_item", "é?#% /..")
    assert server.asked[0].path == "/v1/items/%C3%A9%3F%23%25%20%2F.."
    assert server.asked[0].headers["authorization"] == "Bearer a-key"


def test_an_open_file_is_sent_from_where_it_stands_under_its_name(make: Make, tmp_path: Path) -> None:
    accepted = Said(202, {"image_id": "0" * 36, "status_url": "/v1/images/0"})
    (tmp_path / "ring.jpg").write_bytes(b"head:picture")
    with scripted(BROKEN, accepted) as server, (tmp_path / "ring.jpg").open("rb") as file:
        file.seek(5)
        make(server.address)("add_image", "RING-1", file)
    assert len(server.asked) == 2
    for asked in server.asked:
        assert b'filename="ring.jpg"\r\nContent-Type: image/jpeg\r\n\r\npicture\r\n' in asked.body


def test_a_picture_that_is_not_there_is_told_before_anything_is_sent(make: Make, tmp_path: Path) -> None:
    with scripted(FOUND) as server, pytest.raises(FileNotFoundError):
        make(server.address)("add_image", "RING-1", tmp_path / "none.jpg")
    assert server.asked == []
