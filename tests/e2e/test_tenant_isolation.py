"""Two shops with the same SKUs on one stack: by no route does one see, change or remove anything of the other's.

Every route of the contract has its attempts below; a new route without any fails the first test.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import pytest

from services.embedder.manifest import SHIPPED, read_manifest
from tests.support.stack import RunningStack
from tests.support.two_shops import BOTH, SHARED_PHOTO, SHOPPER, Shop, open_shop
from tests.support.waiting import until

Attempt = Callable[[Shop, Shop], None]
ATTEMPTS: dict[tuple[str, str], Attempt] = {}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    running = RunningStack(tmp_path_factory.mktemp("isolation") / "home", settings={"RECOMMENDER_EXPLORE": "0"})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def shops(stack: RunningStack) -> Iterator[tuple[Shop, Shop]]:
    mine, theirs = open_shop(stack, "aquila", 100), open_shop(stack, "bellatrix", 200)
    assert theirs.tell("event-1", "RING-1").status_code == 202
    assert theirs.tell("event-2", theirs.only, "favourited").status_code == 202
    assert theirs.api.patch(f"/v1/images/{theirs.images['RING-1'][0]}/analysis", json={"type": "brooch"}).is_success
    visit(theirs, theirs.only)
    theirs.settle()
    until(lambda: "2 shoppers" in str(suggested(theirs, "a-newcomer")), "both shoppers of theirs are counted")
    yield mine, theirs
    mine.api.close()
    theirs.api.close()


def test_every_route_has_its_attempts(stack: RunningStack) -> None:
    paths = httpx.get(f"{stack.address}/openapi.json").json()["paths"]
    assert set(ATTEMPTS) == {(method.upper(), path) for path, operations in paths.items() for method in operations}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "route" in metafunc.fixturenames:
        metafunc.parametrize("route", list(ATTEMPTS), ids=" ".join)


def test_one_shop_finds_nothing_of_the_other_and_leaves_it_as_it_was(
    shops: tuple[Shop, Shop], route: tuple[str, str]
) -> None:
    mine, theirs = shops
    before = theirs.world()
    ATTEMPTS[route](mine, theirs)
    mine.settle()
    assert theirs.world() == before
    theirs.settle()
    for what, body in mine.world().items():
        assert not named(theirs, str(body)), what


def named(shop: Shop, text: str) -> set[str]:
    return {mark for mark in shop.marks if mark in text}


def of(method: str, path: str) -> Callable[[Attempt], Attempt]:
    def note(attempt: Attempt) -> Attempt:
        ATTEMPTS[method, path] = attempt
        return attempt

    return note


def refused(answer: httpx.Response, theirs: Shop, status: int) -> None:
    """What was asked for may be named again; nothing else of it is told."""
    assert answer.status_code == status, answer.text
    assert theirs.word not in answer.text


def clean(answer: httpx.Response, theirs: Shop) -> None:
    assert answer.is_success, answer.text
    assert not named(theirs, answer.text)


def first_cursor(shop: Shop, path: str) -> str:
    return str(shop.api.get(path, params={"limit": 1}).json()["next_cursor"])


def foreign_cursor(mine: Shop, theirs: Shop, path: str) -> None:
    refused(mine.api.get(path, params={"cursor": first_cursor(theirs, path)}), theirs, 400)


@of("GET", "/v1/items")
def list_items(mine: Shop, theirs: Shop) -> None:
    answer = mine.api.get("/v1/items", params={"limit": 100})
    clean(answer, theirs)
    assert {item["sku"] for item in answer.json()["items"]} >= {"RING-1", mine.only}
    foreign_cursor(mine, theirs, "/v1/items")


@of("POST", "/v1/items:batch")
def put_many(mine: Shop, theirs: Shop) -> None:
    items = [mine.item(sku, sku=sku, price=1.0) for sku in ("RING-1", "RING-2")]
    clean(mine.api.post("/v1/items:batch", json={"items": items}), theirs)


@of("PUT", "/v1/items/{sku}")
def put_one(mine: Shop, theirs: Shop) -> None:
    answer = mine.api.put("/v1/items/RING-1", json=mine.item("RING-1", stock=0))
    clean(answer, theirs)
    assert answer.json()["title"] == "aquila RING-1"


@of("GET", "/v1/items/{sku}")
def get_one(mine: Shop, theirs: Shop) -> None:
    clean(mine.api.get("/v1/items/RING-1"), theirs)
    refused(mine.api.get(f"/v1/items/{theirs.only}"), theirs, 404)


@of("DELETE", "/v1/items/{sku}")
def delete_one(mine: Shop, theirs: Shop) -> None:
    refused(mine.api.delete(f"/v1/items/{theirs.only}"), theirs, 404)
    assert mine.api.delete("/v1/items/GONE-1").status_code == 204


@of("POST", "/v1/items/{sku}/images")
def upload(mine: Shop, theirs: Shop) -> None:
    file = {"file": ("p.jpg", mine.photo("RING-2"), "image/jpeg")}
    refused(mine.api.post(f"/v1/items/{theirs.only}/images", files=file), theirs, 404)
    image_id = mine.upload("RING-2", theirs.photo("RING-2"))
    assert image_id not in theirs.images["RING-2"], "the same bytes for the same SKU are another shop's own picture"


@of("POST", "/v1/images:batch")
def upload_many(mine: Shop, theirs: Shop) -> None:
    files = [("file", ("p.jpg", theirs.photo(sku), "image/jpeg")) for sku in (theirs.only, "RING-1")]
    answer = mine.api.post("/v1/images:batch", files=files, data={"skus": json.dumps([theirs.only, "RING-1"])})
    refused(answer, theirs, 202)
    foreign, own = answer.json()["images"]
    assert foreign["problem"]["status"] == 404
    assert own["image_id"] not in theirs.images["RING-1"]


@of("GET", "/v1/items/{sku}/similar")
def similar(mine: Shop, theirs: Shop) -> None:
    answer = mine.api.get("/v1/items/RING-1/similar")
    clean(answer, theirs)
    assert answer.json()["results"]
    refused(mine.api.get(f"/v1/items/{theirs.only}/similar"), theirs, 404)
    foreign_cursor(mine, theirs, "/v1/items/RING-1/similar")


@of("GET", "/v1/items/{sku}/completes")
def completes(mine: Shop, theirs: Shop) -> None:
    clean(mine.api.get("/v1/items/RING-1/completes"), theirs)
    refused(mine.api.get(f"/v1/items/{theirs.only}/completes"), theirs, 404)


@of("GET", "/v1/images")
def list_images(mine: Shop, theirs: Shop) -> None:
    answer = mine.api.get("/v1/images", params={"limit": 100})
    clean(answer, theirs)
    assert {image["image_id"] for image in answer.json()["images"]} >= set(mine.images["RING-1"])
    foreign_cursor(mine, theirs, "/v1/images")


@of("GET", "/v1/images/{image_id}")
def get_image(mine: Shop, theirs: Shop) -> None:
    refused(mine.api.get(f"/v1/images/{theirs.images['RING-1'][0]}"), theirs, 404)


@of("DELETE", "/v1/images/{image_id}")
def delete_image(mine: Shop, theirs: Shop) -> None:
    refused(mine.api.delete(f"/v1/images/{theirs.images['RING-1'][0]}"), theirs, 404)
    both_have = mine.upload("RING-3", SHARED_PHOTO)
    mine.settle()
    assert mine.api.delete(f"/v1/images/{both_have}").status_code == 204


@of("GET", "/v1/images/{image_id}/content")
def picture(mine: Shop, theirs: Shop) -> None:
    wanted = f"/v1/images/{theirs.images['RING-1'][0]}"
    refused(mine.api.get(f"{wanted}/content"), theirs, 404)
    own = urlsplit(mine.api.get(f"/v1/images/{mine.images['RING-1'][0]}").json()["image_url"])
    signed = dict(parse_qsl(own.query))
    anyone = httpx.Client(base_url=mine.api.base_url)
    assert anyone.get(own.path, params=signed).status_code == 200
    _, _, signature = signed["signature"].partition(".")
    for forged in (signed["signature"], f"{theirs.name}.{signature}", f"{theirs.name}."):
        params = {"expires": signed["expires"], "signature": forged}
        refused(anyone.get(f"{wanted}/content", params=params), theirs, 401)
        refused(mine.api.get(f"{wanted}/content", params=params), theirs, 404)


@of("PATCH", "/v1/images/{image_id}/analysis")
def correct(mine: Shop, theirs: Shop) -> None:
    refused(mine.api.patch(f"/v1/images/{theirs.images['RING-1'][0]}/analysis", json={"type": "ring"}), theirs, 404)
    clean(mine.api.patch(f"/v1/images/{mine.images['RING-1'][0]}/analysis", json={"type": "watch"}), theirs)


@of("POST", "/v1/search")
def search(mine: Shop, theirs: Shop) -> None:
    photo = theirs.photo(theirs.only)
    answer = mine.search(photo, limit=100)
    clean(answer, theirs)
    assert answer.json()["results"] or answer.json()["suggestions"], "its own pieces are found"
    tagged = mine.search(photo, filters={"tags": [theirs.word]}).json()
    assert (tagged["results"], tagged["suggestions"]) == ([], [])
    clean(mine.api.post("/v1/search", json={"limit": 100}), theirs)
    clean(mine.api.post("/v1/search", json={"words": f"ring {theirs.word}", "limit": 100}), theirs)
    refused(mine.api.post("/v1/search", json={"parts": [{"sku": theirs.only}]}), theirs, 404)
    cursor = theirs.search(photo, limit=1).json()["next_cursor"]
    refused(mine.search(photo, cursor=cursor), theirs, 400)


@of("POST", "/v1/classify")
def classify(mine: Shop, theirs: Shop) -> None:
    clean(mine.api.post("/v1/classify", files={"image": ("p.jpg", theirs.photo("RING-1"), "image/jpeg")}), theirs)


@of("POST", "/v1/events")
def events(mine: Shop, theirs: Shop) -> None:
    refused(mine.tell("event-x", theirs.only), theirs, 422)
    assert suggested(mine, "fresh-shopper")["cold"]
    clean(mine.tell("event-1", "RING-2", user="fresh-shopper"), theirs)
    until(lambda: not suggested(mine, "fresh-shopper")["cold"], "the other shop's id of an event is no repeat here")
    for sku in BOTH[:3]:
        clean(mine.tell(f"mine-{sku}", sku, "purchased"), theirs)


@of("GET", "/v1/users/{user_id}/suggestions")
def suggestions(mine: Shop, theirs: Shop) -> None:
    assert not suggested(theirs, SHOPPER)["cold"]
    clean(mine.api.get(f"/v1/users/{SHOPPER}/suggestions", params={"limit": 100}), theirs)
    theirs_alone = "a-shopper-of-theirs"
    assert suggested(mine, theirs_alone)["cold"]


@of("GET", "/v1/sessions/{session_id}/suggestions")
def session_suggestions(mine: Shop, theirs: Shop) -> None:
    visit(mine, "RING-1")
    clean(mine.api.get("/v1/sessions/a-visit/suggestions", params={"limit": 100}), theirs)


def visit(shop: Shop, sku: str) -> None:
    at = datetime.now(UTC).isoformat()
    event = {"id": "visit-1", "type": "clicked", "session_id": "a-visit", "sku": sku, "at": at}
    assert shop.api.post("/v1/events", json={"events": [event]}).status_code == 202
    path = "/v1/sessions/a-visit/suggestions"
    until(lambda: not shop.api.get(path).json()["cold"], "the click of the visit is known")


@of("POST", "/v1/suggestions:batch")
def batch_of_suggestions(mine: Shop, theirs: Shop) -> None:
    body = {"user_ids": [SHOPPER, "a-shopper-of-theirs"], "limit": 100}
    assert not theirs.api.post("/v1/suggestions:batch", json=body).json()["users"][0]["cold"]
    clean(mine.api.post("/v1/suggestions:batch", json=body), theirs)


@of("GET", "/v1/experiment")
def experiment(mine: Shop, theirs: Shop) -> None:
    theirs.api.put("/v1/experiment", json=one_variant(theirs.word)).raise_for_status()
    refused(mine.api.get("/v1/experiment"), theirs, 404)
    theirs.api.delete("/v1/experiment").raise_for_status()


@of("PUT", "/v1/experiment")
def start_experiment(mine: Shop, theirs: Shop) -> None:
    theirs.api.put("/v1/experiment", json=one_variant(theirs.word)).raise_for_status()
    clean(mine.api.put("/v1/experiment", json=one_variant("mine")), theirs)
    assert theirs.api.get("/v1/experiment").json()["name"] == theirs.word
    theirs.api.delete("/v1/experiment").raise_for_status()
    mine.api.delete("/v1/experiment").raise_for_status()


@of("DELETE", "/v1/experiment")
def stop_experiment(mine: Shop, theirs: Shop) -> None:
    theirs.api.put("/v1/experiment", json=one_variant(theirs.word)).raise_for_status()
    assert mine.api.delete("/v1/experiment").status_code == 204
    assert theirs.api.get("/v1/experiment").json()["name"] == theirs.word
    theirs.api.delete("/v1/experiment").raise_for_status()


def one_variant(name: str) -> dict[str, object]:
    """As ranked without an experiment, so that nothing of a list changes by it."""
    return {"name": name, "variants": {"only": {"share": 1, "explore": 0}}}


def suggested(shop: Shop, user: str) -> dict[str, object]:
    answer: dict[str, object] = shop.api.get(f"/v1/users/{user}/suggestions").json()
    return answer


@of("GET", "/v1/status")
def status(mine: Shop, theirs: Shop) -> None:
    now = mine.api.get("/v1/status").json()
    images = mine.api.get("/v1/images", params={"limit": 100}).json()["images"]
    items = mine.api.get("/v1/items", params={"limit": 100}).json()["items"]
    assert (now["items"], sum(now["images"].values())) == (len(items), len(images))


@of("POST", "/v1/admin/reconcile")
def reconcile(mine: Shop, theirs: Shop) -> None:
    clean(mine.api.post("/v1/admin/reconcile"), theirs)


@of("GET", "/v1/admin/reconcile")
def reconciled(mine: Shop, theirs: Shop) -> None:
    mine.api.post("/v1/admin/reconcile")
    clean(mine.api.get("/v1/admin/reconcile"), theirs)


@of("GET", "/v1/admin/training")
def training(mine: Shop, theirs: Shop) -> None:
    model = read_manifest(SHIPPED).version
    answer = mine.api.get("/v1/admin/training", params={"model": model})
    clean(answer, theirs)
    assert answer.json()["tenant"] == mine.name
    cursor = theirs.api.get("/v1/admin/training", params={"model": model, "limit": 1}).json()["next_cursor"]
    refused(mine.api.get("/v1/admin/training", params={"model": model, "cursor": cursor}), theirs, 400)


@of("GET", "/v1/admin/reindex")
def reindexes(mine: Shop, theirs: Shop) -> None:
    clean(mine.api.get("/v1/admin/reindex"), theirs)


@of("POST", "/v1/admin/reindex")
def start_reindex(mine: Shop, theirs: Shop) -> None:
    answer = mine.api.post("/v1/admin/reindex", json={"model": theirs.name})
    assert not answer.is_success, "no model is named as a shop"


@of("POST", "/v1/admin/reindex/switch")
def switch_reindex(mine: Shop, theirs: Shop) -> None:
    assert not mine.api.post("/v1/admin/reindex/switch").is_success


@of("POST", "/v1/admin/reindex/abort")
def abort_reindex(mine: Shop, theirs: Shop) -> None:
    assert not mine.api.post("/v1/admin/reindex/abort").is_success


@of("POST", "/v1/admin/keys")
def make_key(mine: Shop, theirs: Shop) -> None:
    body = {"name": "another", "scopes": ["read"]}
    refused(mine.api.post("/v1/admin/keys", json=body | {"tenant": theirs.name}), theirs, 422)
    answer = mine.api.post("/v1/admin/keys", json=body)
    clean(answer, theirs)
    header = {"Authorization": f"Bearer {answer.json()['key']}"}
    refused(mine.api.get(f"/v1/items/{theirs.only}", headers=header), theirs, 404)


@of("GET", "/v1/admin/keys")
def list_keys(mine: Shop, theirs: Shop) -> None:
    clean(mine.api.get("/v1/admin/keys"), theirs)


@of("DELETE", "/v1/admin/keys/{key_id}")
def revoke_key(mine: Shop, theirs: Shop) -> None:
    for key_id in theirs.keys:
        refused(mine.api.delete(f"/v1/admin/keys/{key_id}"), theirs, 404)


@of("GET", "/healthz")
def health(mine: Shop, theirs: Shop) -> None:
    clean(mine.api.get("/healthz"), theirs)


@of("GET", "/readyz")
def readiness(mine: Shop, theirs: Shop) -> None:
    clean(mine.api.get("/readyz"), theirs)


def contract(path: str) -> Attempt:
    """It is the same for all, and needs no key."""

    def attempt(mine: Shop, theirs: Shop) -> None:
        clean(mine.api.get(path), theirs)

    return attempt


of("GET", "/asyncapi.json")(contract("/asyncapi.json"))
of("GET", "/schemas")(contract("/schemas"))
of("GET", "/schemas/{kind}.json")(contract("/schemas/shop.item.upserted.json"))
of("GET", "/schemas/data/{kind}.json")(contract("/schemas/data/shop.item.upserted.json"))


@of("GET", "/metrics")
def metrics(mine: Shop, theirs: Shop) -> None:
    clean(mine.api.get("/metrics"), theirs)


@of("DELETE", "/v1/users/{user_id}")
def erase_user(mine: Shop, theirs: Shop) -> None:
    assert mine.api.delete(f"/v1/users/{SHOPPER}").status_code == 202
    mine.settle()
    assert not theirs.api.get(f"/v1/users/{SHOPPER}/suggestions").json()["cold"]


@of("DELETE", "/v1/sessions/{session_id}")
def erase_visit(mine: Shop, theirs: Shop) -> None:
    assert mine.api.delete("/v1/sessions/a-visit").status_code == 202
    mine.settle()
    assert not theirs.api.get("/v1/sessions/a-visit/suggestions").json()["cold"]


def asked_of(kind: str, names: str) -> Attempt:
    """Erasing and exporting a shopper of mine leaves theirs of that name; and none reads what the other asked for."""

    def attempt(mine: Shop, theirs: Shop) -> None:
        name = SHOPPER if names == "users" else "a-visit"
        answer = mine.api.post(f"/v1/{names}/{name}:{kind}")
        assert answer.status_code == 202
        clean(answer, theirs)
        mine.settle()
        assert not theirs.api.get(f"/v1/{names}/{name}/suggestions").json()["cold"]

    return attempt


for _names, _one in (("users", "user_id"), ("sessions", "session_id")):
    for _kind in ("erase", "export"):
        of("POST", f"/v1/{_names}/{{{_one}}}:{_kind}")(asked_of(_kind, _names))


def foreign_request(kind: str, rest: str = "") -> Attempt:
    def attempt(mine: Shop, theirs: Shop) -> None:
        address = theirs.api.post(f"/v1/users/nobody-of-theirs:{kind}").headers["location"]
        refused(mine.api.get(address + rest), theirs, 404)

    return attempt


of("GET", "/v1/erasures/{erasure_id}")(foreign_request("erase"))
of("GET", "/v1/exports/{export_id}")(foreign_request("export"))
of("GET", "/v1/exports/{export_id}/data")(foreign_request("export", "/data"))
of("GET", "/.well-known/jwks.json")(contract("/.well-known/jwks.json"))


@of("PATCH", "/v1/items/{sku}")
def patch_one(mine: Shop, theirs: Shop) -> None:
    refused(mine.api.patch(f"/v1/items/{theirs.only}", json={"price": 1}), theirs, 404)
    clean(mine.api.patch("/v1/items/RING-1", json={"price": 2}), theirs)
    theirs_alone = {"Idempotency-Key": "the-key-of-both"}
    again = theirs.api.patch("/v1/items/RING-1", json={}, headers=theirs_alone)
    assert again.is_success
    answer = mine.api.patch("/v1/items/RING-1", json={}, headers=theirs_alone)
    clean(answer, theirs)
    assert "idempotency-replayed" not in answer.headers


@of("PUT", "/v1/items/{sku}/images/{sha256}")
def upload_by_hash(mine: Shop, theirs: Shop) -> None:
    photo = mine.photo("RING-2")
    path = f"images/{hashlib.sha256(photo).hexdigest()}"
    refused(mine.api.put(f"/v1/items/{theirs.only}/{path}", content=photo), theirs, 404)
    answer = mine.api.put(f"/v1/items/RING-2/{path}", content=photo)
    clean(answer, theirs)
    assert answer.json()["image_id"] in mine.images["RING-2"]


@of("POST", "/v1/uploads")
def upload_addresses(mine: Shop, theirs: Shop) -> None:
    clean(mine.api.post("/v1/uploads", json={"count": 2}), theirs)
    (place,) = theirs.api.post("/v1/uploads", json={"count": 1}).json()["uploads"]
    assert httpx.put(urljoin(str(theirs.api.base_url), place["url"]), content=theirs.photo("RING-2")).is_success
    named = {"images": [{"sku": "RING-2", "object_key": place["object_key"]}]}
    assert mine.api.post("/v1/images:batch", json=named).json()["images"][0]["problem"]["status"] == 404
    answer = theirs.api.post("/v1/images:batch", json=named).json()
    assert answer["images"][0]["image_id"] in theirs.images["RING-2"]
    assert mine.api.post("/v1/images:batch", json=named).json()["images"][0]["problem"]["status"] == 404


@of("PUT", "/v1/uploads/{name}")
def upload_to_address(mine: Shop, theirs: Shop) -> None:
    (place,) = mine.api.post("/v1/uploads", json={"count": 1}).json()["uploads"]
    url = urljoin(str(mine.api.base_url), place["url"])
    for forged in (url.replace(f"signature={mine.name}.", f"signature={theirs.name}."), url + "0"):
        refused(httpx.put(forged, content=mine.photo("RING-2")), theirs, 401)
    assert httpx.put(url, content=mine.photo("RING-2")).is_success


NOWHERE = "https://nobody.invalid/"


@contextmanager
def webhook_of(shop: Shop) -> Iterator[str]:
    """The address of a webhook of this shop, with one delivery under `/deliveries`."""
    body = {"url": NOWHERE, "types": ["*"], "description": shop.word}
    path = shop.api.post("/v1/webhooks", json=body).raise_for_status().headers["location"]
    shop.api.post(f"{path}/test").raise_for_status()
    yield path
    shop.api.delete(path).raise_for_status()


@of("POST", "/v1/webhooks")
def make_webhook(mine: Shop, theirs: Shop) -> None:
    body = {"url": NOWHERE, "types": ["*"]}
    refused(mine.api.post("/v1/webhooks", json=body | {"tenant": theirs.name}), theirs, 422)
    with webhook_of(theirs) as path:
        made = mine.api.post("/v1/webhooks", json=body)
        clean(made, theirs)
        assert made.headers["location"] != path
        mine.api.delete(made.headers["location"]).raise_for_status()


@of("GET", "/v1/webhooks")
def list_webhooks(mine: Shop, theirs: Shop) -> None:
    with webhook_of(theirs):
        clean(mine.api.get("/v1/webhooks"), theirs)
        assert mine.api.get("/v1/webhooks").json() == {"webhooks": []}


def foreign_webhook(method: str, rest: str = "", body: object = None) -> Attempt:
    """Where `rest` has {delivery_id}, of their delivery."""

    def attempt(mine: Shop, theirs: Shop) -> None:
        with webhook_of(theirs) as path, webhook_of(mine) as own:
            delivery = theirs.api.get(f"{path}/deliveries").json()["deliveries"][0]["delivery_id"]
            for webhook in {path, own if "{" in rest else path}:
                address = webhook + rest.replace("{delivery_id}", delivery)
                refused(mine.api.request(method, address, json=body), theirs, 404)
            assert theirs.api.get(path).json()["description"] == theirs.word

    return attempt


of("GET", "/v1/webhooks/{webhook_id}")(foreign_webhook("GET"))
of("PATCH", "/v1/webhooks/{webhook_id}")(foreign_webhook("PATCH", body={"description": "mine"}))
of("DELETE", "/v1/webhooks/{webhook_id}")(foreign_webhook("DELETE"))
of("POST", "/v1/webhooks/{webhook_id}/secret")(foreign_webhook("POST", "/secret"))
of("POST", "/v1/webhooks/{webhook_id}/test")(foreign_webhook("POST", "/test"))
of("GET", "/v1/webhooks/{webhook_id}/deliveries")(foreign_webhook("GET", "/deliveries"))
of("GET", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}")(foreign_webhook("GET", "/deliveries/{delivery_id}"))
of("POST", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}:redeliver")(
    foreign_webhook("POST", "/deliveries/{delivery_id}:redeliver")
)


def begun(shop: Shop) -> str:
    """An import of theirs, with a row that names them."""
    table = f"sku,price\n{shop.word},dear\n".encode()
    answer = shop.api.post("/v1/imports", files={"file": (f"{shop.word}.csv", table)})
    answer.raise_for_status()
    import_id = str(answer.json()["import_id"])
    until(lambda: shop.api.get(f"/v1/imports/{import_id}").json().get("finished_at"), "the import ended")
    return import_id


@of("POST", "/v1/imports")
def start_import(mine: Shop, theirs: Shop) -> None:
    table = b"sku,title\nRING-1,aquila RING-1\n"
    answer = mine.api.post("/v1/imports", files={"file": ("shop.csv", table)})
    clean(answer, theirs)
    until(lambda: mine.api.get(answer.json()["status_url"]).json()["state"] == "done", "the import ended")


@of("GET", "/v1/imports")
def list_imports(mine: Shop, theirs: Shop) -> None:
    for _ in range(2):
        begun(theirs)
    clean(mine.api.get("/v1/imports"), theirs)
    foreign_cursor(mine, theirs, "/v1/imports")


@of("GET", "/v1/imports/{import_id}")
def get_import(mine: Shop, theirs: Shop) -> None:
    refused(mine.api.get(f"/v1/imports/{begun(theirs)}"), theirs, 404)


@of("GET", "/v1/imports/{import_id}/rows")
def import_rows(mine: Shop, theirs: Shop) -> None:
    refused(mine.api.get(f"/v1/imports/{begun(theirs)}/rows"), theirs, 404)


@of("GET", "/v1/imports/{import_id}/errors.csv")
def import_errors(mine: Shop, theirs: Shop) -> None:
    refused(mine.api.get(f"/v1/imports/{begun(theirs)}/errors.csv"), theirs, 404)


@of("POST", "/v1/imports/{import_id}:stop")
def stop_import(mine: Shop, theirs: Shop) -> None:
    import_id = begun(theirs)
    refused(mine.api.post(f"/v1/imports/{import_id}:stop"), theirs, 404)
    assert theirs.api.get(f"/v1/imports/{import_id}").json()["state"] == "done"
