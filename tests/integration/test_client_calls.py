"""The calls of both clients against a gateway: all of them there, each with its arguments, each answered."""

from __future__ import annotations

import asyncio
import inspect
import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loupe.client import (
    AsyncClient,
    Box,
    Client,
    Correction,
    Experiment,
    Filters,
    Forbidden,
    Invalid,
    ItemIn,
    ItemPut,
    NoAnswer,
    NotFound,
    QueryPart,
    Refused,
    Unauthorized,
    UserEvent,
)
from shared.contracts.internal import HitList
from shared.contracts.messages import ImageIndexed
from shared.contracts.search import SearchQuery
from tests.support.client_calls import STEPS, described, methods
from tests.support.clients import Caller
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.snippets import ROOT
from tests.support.upstreams import hit, running_upstreams, served


@dataclass(frozen=True)
class Served:
    stand: Stand
    call: Caller
    admin: Caller


BOTH = pytest.mark.parametrize("gateway", ["blocking", "awaited"], indirect=True)


@pytest.fixture
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    with (
        running_upstreams() as upstreams,
        running_gateway(tmp_path, upstreams) as stand,
        served(stand.service.http) as address,
    ):
        kind = getattr(request, "param", "blocking")
        admin = stand.parts.api_keys.add("shop", "admin", ["admin", "operator"]).key
        yield Served(stand, Caller(kind, address, KEY), Caller(kind, address, admin))


def test_both_clients_have_the_same_calls_with_the_same_arguments() -> None:
    blocking, awaited = methods(Client), methods(AsyncClient)
    assert blocking.keys() == awaited.keys()
    for name, method in blocking.items():
        assert method.__wrapped__ is awaited[name].__wrapped__, name  # type: ignore[attr-defined]
        one, other = inspect.signature(method), inspect.signature(awaited[name])
        assert one.parameters == other.parameters, name
        assert one.return_annotation in (other.return_annotation, other.return_annotation.removeprefix("Async")), name
        assert method.__doc__, name


def test_every_route_of_the_gateway_has_a_call_and_every_call_a_route(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as stand:
        document = stand.client.get("/openapi.json").json()
    routes = {(method, path): told for path, of in document["paths"].items() for method, told in of.items()}
    calls = {name: described(name) for name in methods(Client).keys() - STEPS}
    for_shops = {route for route in routes if route[1].startswith("/v1/")} | {
        ("get", "/readyz"),
        ("get", "/public/boards/{share_id}"),
    }
    assert {(call.method.lower(), call.route) for call in calls.values()} == for_shops
    for name, call in calls.items():
        known = {one["name"] for one in routes[call.method.lower(), call.route].get("parameters", ())}
        assert known >= {*call.params, *call.of}, name


def test_search_takes_every_field_of_a_query() -> None:
    taken = inspect.signature(Client.search).parameters.keys() - {"self", "pictures"}
    assert taken == SearchQuery.model_fields.keys()


@BOTH
def test_a_catalogue_is_put_listed_by_pages_and_removed(gateway: Served) -> None:
    call = gateway.call
    made = call("put_item", "RING-1", ItemIn(title="A ring", price=490, currency="EUR", tags=["new"]))
    assert (made.revision, made.title, made.tags) == (1, "A ring", ["new"])
    done = call("put_items", [ItemPut(sku=f"RING-{n}", title=f"Ring {n}") for n in range(1, 6)])
    assert (done.created, done.updated, done.unchanged) == (4, 1, 0)
    assert [item.sku for item in call("items", page=2)] == [f"RING-{n}" for n in range(1, 6)]
    again = call("get_item", "RING-1")
    changed = call("put_item", "RING-1", again.model_copy(update={"title": "Another"}))
    assert (changed.title, changed.revision) == ("Another", 3)
    call("remove_item", "RING-1")
    with pytest.raises(NotFound) as caught:
        call("get_item", "RING-1")
    assert (caught.value.status, caught.value.problem.instance) == (404, "/v1/items/RING-1")


@BOTH
def test_a_picture_may_be_a_path_bytes_or_an_open_file(gateway: Served, tmp_path: Path) -> None:
    call = gateway.call
    gateway.stand.put_item()
    (tmp_path / "one.jpg").write_bytes(picture(1))
    (tmp_path / "two.jpg").write_bytes(picture(2))
    with (tmp_path / "two.jpg").open("rb") as opened:
        sent = [
            call("add_image", "RING-1", given).image_id
            for given in (tmp_path / "one.jpg", str(tmp_path / "one.jpg"), picture(1), opened, io.BytesIO(picture(3)))
        ]
    assert sent[0] == sent[1] == sent[2]
    assert call("image_content", sent[3]) == picture(2)
    assert {image.image_id for image in call("images", page=2)} == set(sent)
    assert call("image", sent[4]).state == "stored"
    call("remove_image", sent[4])
    assert len(call("images", state="stored")) == 2


def test_of_many_pictures_a_faulty_one_is_told_and_the_others_are_kept(gateway: Served) -> None:
    gateway.stand.put_item()
    kept, text, lost = gateway.call("add_images", [("RING-1", picture(1)), ("RING-1", b"a text"), ("NONE", picture(2))])
    assert gateway.call("image", kept).sku == "RING-1"
    assert isinstance(text, Refused)
    assert isinstance(lost, NotFound)
    assert (text.status, "NONE" in lost.detail) == (415, True)


@BOTH
def test_a_picture_is_waited_for_until_it_is_indexed(gateway: Served) -> None:
    stand, call = gateway.stand, gateway.call
    stand.put_item()
    image_id = call("add_image", "RING-1", picture(1)).image_id
    with pytest.raises(NoAnswer, match="still stored"):
        call("wait_for_image", image_id, seconds=0)
    stand.analysed(call("image", image_id).sha256)
    stand.handle(
        ImageIndexed(tenant="shop", correlation_id="c", sku="RING-1", image_id=image_id, model_version="model-1")
    )
    found = call("wait_for_image", image_id)
    assert (found.state, found.pieces[0].type.value) == ("indexed", "ring")
    corrected = call("correct_image", image_id, Correction(type="brooch", metal=None))
    assert (corrected.type.value, corrected.corrected) == ("brooch", ["type"])


def test_pieces_are_found_by_pictures_words_items_and_filters(gateway: Served) -> None:
    stand, call = gateway.stand, gateway.call
    stand.put_item()
    stand.upstreams.hits = HitList(hits=[hit("RING-1", stand.upload("RING-1", picture(1)))])
    answers = [
        call("search", picture(9), words="in rose gold", limit=3),
        call("search", picture(8), picture(9), parts=[QueryPart(image=0), QueryPart(image=1, negative=True)]),
        call("search", picture(9), box=Box(x1=0.5), filters=Filters(in_stock=True)),
        call("search", words="a gold ring", user_id="anna", diversity=0.5),
        call("search", filters=Filters(type=["ring"], exclude_skus=["RING-9"])),
        call("similar", "RING-1", limit=2),
        call("completes", "RING-1", limit=2),
    ]
    assert [[one.sku for one in answer.results] for answer in answers] == [["RING-1"]] * len(answers)
    assert stand.upstreams.asked[0].limit >= 3
    assert stand.upstreams.asked[4].filters.exclude_skus == ["RING-9"]
    assert call("classify", picture(9)).pieces[0].type.value == "ring"


def test_shoppers_are_told_of_and_suggested_to(gateway: Served) -> None:
    stand, call = gateway.stand, gateway.call
    stand.put_item()
    stand.upstreams.hits = HitList(hits=[hit("RING-1", stand.upload("RING-1", picture(1)))])
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    click = UserEvent(id="e-1", type="clicked", user_id="anna", sku="RING-1", at=at)
    lost = UserEvent(id="e-2", type="viewed", session_id="v-1", sku="NONE", at=at)
    told = call("send_events", [click, lost])
    assert (told.accepted, [one.id for one in told.rejected]) == (1, ["e-2"])
    with pytest.raises(Invalid) as caught:
        call("send_events", [lost])
    assert [field.path for field in caught.value.fields] == ["events.0.sku"]
    shown = [
        call("suggestions", "anna", limit=3, context="cart", skus=["A", "B"]),
        call("session_suggestions", "v-1", context="item", skus=["A"]),
        *call("suggestions_for_many", ["anna"], limit=2).users,
    ]
    assert [[one.sku for one in each.suggestions] for each in shown] == [["RING-1"]] * 3
    assert [(one.context, one.skus) for one in stand.upstreams.asked[:2]] == [("cart", ["A", "B"]), ("item", ["A"])]


def test_keys_and_experiments_are_for_who_administers_the_shop(gateway: Served) -> None:
    admin = gateway.admin
    made = admin("add_key", "web shop", ["read", "events"])
    assert made.key_id in [key.key_id for key in admin("keys")]
    assert made.key not in repr(made)
    admin("revoke_key", made.key_id)
    plan = {"name": "ranking-2", "variants": {"a": {"share": 0.5, "policy": "plain"}, "b": {"share": 0.5}}}
    assert admin("put_experiment", Experiment.model_validate(plan)) == admin("experiment")
    admin("stop_experiment")
    with pytest.raises(NotFound):
        admin("experiment")
    reader = admin("add_key", "reader", ["read"]).key
    with pytest.raises(Forbidden, match="scope admin"):
        Caller("blocking", admin.address, reader)("keys")


def test_an_operator_sees_what_goes_on(gateway: Served) -> None:
    admin = gateway.admin
    gateway.stand.put_item()
    assert gateway.call("status").items == 1
    assert "database" in gateway.call("readiness").parts
    assert admin("start_reindex", "model-2", hold=True).words == admin("reindex").words
    assert gateway.stand.upstreams.asked[-1].hold is True
    assert admin("switch_reindex").words == admin("abort_reindex").words
    assert admin("reconcile").run == admin("reconcile_report").run
    assert admin("training", "model-1")[0].tenant == "shop"


def test_a_key_of_nobody_is_told_as_that(gateway: Served) -> None:
    stranger = Caller("blocking", gateway.call.address, "no-key")
    with pytest.raises(Unauthorized):
        stranger("status")


def test_awaited_calls_go_on_side_by_side(tmp_path: Path) -> None:
    async def scenario(address: str) -> list[str]:
        async with AsyncClient(address, KEY) as client:
            made = await asyncio.gather(*(client.add_image("RING-1", picture(n)) for n in range(8)))
            return [image.image_id for image in made]

    with running_gateway(tmp_path) as stand, served(stand.service.http) as address:
        stand.put_item()
        assert len(set(asyncio.run(scenario(address)))) == 8


def test_importing_the_client_is_light() -> None:
    heavy = "sqlalchemy celery kombu torch onnxruntime PIL fastapi redis structlog typer"
    code = f"import loupe.client, sys; print([name for name in '{heavy}'.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
