"""What one shop can try against another beside naming its things: forged addresses, its words, its pictures, time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from tests.support.foreign import NOBODY, NOWHERE
from tests.support.two_shops import BOTH, SHARED_PHOTO, Shop
from tests.support.waiting import until

Shops = tuple[Shop, Shop]
_ASKED = 30
_MUCH_LONGER = 1.4


def named(shop: Shop, text: str) -> set[str]:
    return {mark for mark in shop.marks if mark in text}


def test_a_signed_address_is_of_one_shop_and_one_picture(shops: Shops) -> None:
    mine, theirs = shops
    wanted = f"/v1/images/{theirs.images['RING-1'][0]}/content"
    own = urlsplit(mine.api.get(f"/v1/images/{mine.images['RING-1'][0]}").json()["image_url"])
    signed = dict(parse_qsl(own.query))
    anyone = httpx.Client(base_url=mine.api.base_url)
    assert anyone.get(own.path, params=signed).status_code == 200
    _, _, signature = signed["signature"].partition(".")
    for forged in (signed["signature"], f"{theirs.name}.{signature}", f"{theirs.name}."):
        params = {"expires": signed["expires"], "signature": forged}
        assert anyone.get(wanted, params=params).status_code == 401
        assert mine.api.get(wanted, params=params).status_code == 404


def test_an_address_to_upload_to_is_of_one_shop(shops: Shops) -> None:
    mine, theirs = shops
    (place,) = mine.api.post("/v1/uploads", json={"count": 1}).json()["uploads"]
    url = urljoin(str(mine.api.base_url), place["url"])
    for forged in (url.replace(f"signature={mine.name}.", f"signature={theirs.name}."), url + "0"):
        assert httpx.put(forged, content=mine.photo("RING-2")).status_code == 401
    (place,) = theirs.api.post("/v1/uploads", json={"count": 1}).json()["uploads"]
    assert httpx.put(urljoin(str(theirs.api.base_url), place["url"]), content=theirs.photo("RING-2")).is_success
    named_there = {"images": [{"sku": "RING-2", "object_key": place["object_key"]}]}
    for shop, taken in ((mine, False), (theirs, True), (mine, False)):
        answer = shop.api.post("/v1/images:batch", json=named_there).json()["images"][0]
        assert ("image_id" in answer) == taken, answer


def test_their_pictures_and_words_find_only_what_is_mine(shops: Shops) -> None:
    """Theirs asked the same before, so a cache that mixed shops would tell."""
    mine, theirs = shops
    photo = theirs.photo(theirs.only)
    assert theirs.search(photo, limit=100).json()["results"]
    answer = mine.search(photo, limit=100)
    assert not named(theirs, answer.text)
    assert answer.json()["results"] or answer.json()["suggestions"], "its own pieces are found"
    for query in ({"filters": {"tags": [theirs.word]}}, {"words": f"ring {theirs.word}"}, {}):
        told = mine.api.post("/v1/search", json={**query, "limit": 100})
        assert not named(theirs, told.text.replace(f"ring {theirs.word}", "")), query
    tagged = mine.search(photo, filters={"tags": [theirs.word]}).json()
    assert (tagged["results"], tagged["suggestions"]) == ([], [])
    cursor = theirs.search(photo, limit=1).json()["next_cursor"]
    assert mine.search(photo, cursor=cursor).status_code == 400


def test_the_same_names_are_each_shops_own(shops: Shops) -> None:
    """Ids of events, keys of repeated requests, bytes of pictures."""
    mine, theirs = shops
    assert mine.tell("event-1", "RING-2", user="fresh-shopper").is_success
    path = "/v1/users/fresh-shopper/suggestions"
    until(lambda: not mine.api.get(path).json()["cold"], "the other shop's id of an event is no repeat here")
    key = {"Idempotency-Key": "the-key-of-both"}
    assert theirs.api.patch("/v1/items/RING-1", json={}, headers=key).is_success
    assert "idempotency-replayed" not in mine.api.patch("/v1/items/RING-1", json={}, headers=key).headers
    image_id = mine.upload("RING-2", theirs.photo("RING-2"))
    assert image_id not in theirs.images["RING-2"]
    mine.settle()
    both_have = mine.upload("RING-3", SHARED_PHOTO)
    assert mine.api.delete(f"/v1/images/{both_have}").status_code == 204
    mine.settle()
    (shared,) = (one for one in theirs.images["RING-3"] if one != theirs.images["RING-3"][0])
    assert theirs.api.get(f"/v1/images/{shared}/content").content == SHARED_PHOTO


def test_a_body_says_not_whose_it_is(shops: Shops) -> None:
    mine, theirs = shops
    for path, body in (
        ("/v1/admin/keys", {"name": "another", "scopes": ["read"]}),
        ("/v1/webhooks", {"url": NOBODY, "types": ["*"]}),
    ):
        assert mine.api.post(path, json=body | {"tenant": theirs.name}).status_code == 422


def test_no_key_of_a_shop_makes_one_that_operates_all(shops: Shops) -> None:
    mine, _ = shops
    answer = mine.api.post("/v1/admin/keys", json={"name": "more", "scopes": ["read", "operator"]})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:loupe:problem:insufficient-scope")


def test_counts_are_of_one_shop(shops: Shops) -> None:
    mine, _ = shops
    now, usage = (mine.api.get(path).json() for path in ("/v1/status", "/v1/usage"))
    images = mine.api.get("/v1/images", params={"limit": 100}).json()["images"]
    items = mine.api.get("/v1/items", params={"limit": 100}).json()["items"]
    assert (now["items"], sum(now["images"].values())) == (len(items), len(images))
    registered = [
        picture
        for reference in mine.api.get("/v1/references", params={"limit": 100}).json()["references"]
        for picture in reference["pictures"]
    ]
    pictures = [*images, *registered]
    assert (usage["items"]["used"], usage["pictures"]["used"]) == (len(items), len(pictures))
    assert usage["storage_bytes"]["used"] == sum(picture["bytes"] for picture in pictures)
    assert now["queues"] == {}, "they are of all shops together"
    assert {item["sku"] for item in items} >= {*BOTH[:3], mine.only}


def test_what_is_theirs_takes_no_longer_to_deny_than_what_is_not_there(shops: Shops) -> None:
    mine, theirs = shops

    def seconds(path: str) -> float:
        started = time.perf_counter()
        assert mine.api.get(path).status_code == 404
        return time.perf_counter() - started

    for theirs_path, no_path in (
        (f"/v1/images/{theirs.images['RING-1'][0]}", f"/v1/images/{NOWHERE['image_id']}"),
        (f"/v1/items/{theirs.only}", f"/v1/items/{NOWHERE['sku']}"),
    ):
        _until_alike(seconds, theirs_path, no_path)


def _until_alike(seconds: Callable[[str], float], theirs_path: str, no_path: str) -> None:
    """Medians of requests in turn. Measured again when they differ: a machine with other work is not the same twice."""
    found = []
    for _ in range(3):
        pairs = [(seconds(theirs_path), seconds(no_path)) for _ in range(_ASKED)]
        theirs, no = (statistics.median(times) for times in zip(*pairs, strict=True))
        found.append(theirs / no)
        if 1 / _MUCH_LONGER < found[-1] < _MUCH_LONGER:
            return
    raise AssertionError(f"theirs took {found} times as long")


def test_after_all_that_mine_holds_nothing_of_theirs(shops: Shops) -> None:
    mine, theirs = shops
    for what, body in mine.world().items():
        assert not named(theirs, str(body)), what
