"""What the names in the contracts stand for: of one's own shop, of another shop, and of none."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from services.embedder.manifest import SHIPPED, read_manifest
from tests.support.filling import Operation, Values
from tests.support.pictures import drawing
from tests.support.two_shops import SHOPPER, Shop
from tests.support.waiting import until

NOBODY = "https://nobody.invalid/"
PHOTO = drawing(777)
RENDERED = sorted((Path(__file__).parents[1] / "fixtures" / "query_photos").glob("RING*.jpg"))[0].read_bytes()
"""In which a piece is found, as in no drawing."""
VISIT = "a-visit"
AT = "2026-05-01T12:00:00Z"

NOWHERE: dict[str, str] = {
    "sku": "ONLY-NOBODYS-1",
    "image_id": "00000000-0000-4000-8000-000000000000",
    "user_id": "nobody",
    "visitor_id": "page-" + "0" * 24,
    "session_id": "no-visit",
    "key_id": "k_000000000000",
    "webhook_id": "wh_" + "0" * 24,
    "delivery_id": "00000000-0000-4000-8000-000000000001",
    "import_id": "00000000-0000-4000-8000-000000000002",
    "erasure_id": "er_" + "0" * 32,
    "export_id": "ex_" + "0" * 32,
    "style_id": "st_" + "0" * 16,
    "stocktake_id": "stk_" + "0" * 32,
    "lookalike_id": "like_" + "0" * 32,
    "reference_id": "ref_" + "0" * 32,
    "verification_id": "vrf_" + "0" * 32,
    "public_id": "0" * 32,
    "board_id": "bd_" + "0" * 24,
    "picture_id": "bp_" + "0" * 24,
    "object_key": "uploads/" + "0" * 32,
    "name": "0" * 32,
}
"""By the name of a parameter or a field, what no shop has. A thing of a shop that is named anew needs an entry here, in
`theirs` and in `_OWN`: then it is in the matrix."""

OF_NO_SHOP = {
    "sha256": "of the bytes that are sent",
    "kind": "the same for all",
    "model": "the same for all",
    "by": "the same for all",
    "share_id": "whoever has it may look",
    "number": "of a piece of one's own stock-take",
    "evidence": "of a verification of one's own",
}
"""Parameters that name nothing of a shop, and why."""


def theirs(shop: Shop) -> dict[str, str]:
    """Of each name of `NOWHERE`, what this shop alone has."""
    hook, delivery = _webhook(shop)
    upload = _upload(shop)
    return {
        "sku": shop.only,
        "image_id": shop.images["RING-1"][0],
        "user_id": SHOPPER,
        "visitor_id": _visitor(shop),
        "session_id": VISIT,
        "key_id": shop.keys[0],
        "webhook_id": hook,
        "delivery_id": delivery,
        "import_id": _import(shop),
        "erasure_id": _asked_of_a_shopper(shop, "erase"),
        "export_id": _asked_of_a_shopper(shop, "export"),
        "style_id": _style(shop),
        "stocktake_id": _stocktake(shop),
        "lookalike_id": _lookalike(shop, keeps_consent=False),
        "reference_id": _reference(shop)["reference_id"],
        "verification_id": _verification(shop)["verification_id"],
        "public_id": _public(shop),
        **dict(zip(("board_id", "picture_id", "share_id"), _board(shop), strict=True)),
        "object_key": upload["object_key"],
        "name": upload["name"],
    }


def own(shop: Shop, operation: Operation) -> Values:
    """Things of this shop for one operation; what it takes away is made for it."""
    return Values(_Own(shop, operation))


class _Own(dict[str, str]):
    def __init__(self, shop: Shop, operation: Operation) -> None:
        ends = operation.method == "DELETE"
        named = {*operation.parameters("path")}
        super().__init__(
            sku="RING-1",
            user_id="a-shopper-of-mine",
            visitor_id="page-" + "b" * 24,
            session_id="a-visit-of-mine",
            image_id=shop.images["RING-1"][0],
            sha256=hashlib.sha256(PHOTO).hexdigest(),
            kind="shop.item.upserted",
            by="type",
            number="0",
            model=read_manifest(SHIPPED).version,
        )
        if ends and "sku" in named:
            shop.api.put("/v1/items/TO-GO", json={"title": "To go"}).raise_for_status()
            self["sku"] = "TO-GO"
        if ends and "image_id" in named:
            self["image_id"] = shop.upload("RING-3", drawing(778))
        if operation.path.endswith("/cutout"):
            self["image_id"] = shop.upload("RING-3", RENDERED)
        if "key_id" in named:
            body = {"name": "to go", "scopes": ["read"]}
            self["key_id"] = shop.api.post("/v1/admin/keys", json=body).raise_for_status().json()["key_id"]
        if "webhook_id" in named:
            self["webhook_id"], self["delivery_id"] = _webhook(shop, anew=ends)
        if "import_id" in named:
            self["import_id"] = _import(shop)
        for kind, name in (("erase", "erasure_id"), ("export", "export_id")):
            if name in named:
                self[name] = _asked_of_a_shopper(shop, kind)
        if "style_id" in named:
            self["style_id"] = _style(shop)
        if "stocktake_id" in named:
            self["stocktake_id"] = _stocktake(shop)
        if "reference_id" in named or operation.label == "POST /v1/verify":
            made = _reference(shop)
            self["reference_id"] = made["reference_id"]
            if "sha256" in named:
                self["sha256"] = made["pictures"][1]["sha256"]
        if "verification_id" in named:
            verified = _verification(shop)
            self["verification_id"] = verified["verification_id"]
            self["evidence"] = verified["pictures"][0]["name"]
        if "public_id" in named:
            self["public_id"] = _public(shop)
        if "lookalike_id" in named:
            self["lookalike_id"] = _lookalike(shop)
        if {"board_id", "share_id"} & named:
            self["board_id"], self["picture_id"], self["share_id"] = _board(shop)
        if operation.label == "GET /v1/inventory/advice/{sku}":
            _advised(shop, "RING-1")
        if "name" in named or operation.label == "POST /v1/images:batch":
            self.update(_upload(shop))


def _visitor(shop: Shop) -> str:
    """A browser that our page named, which looked at a piece of this shop."""
    visitor = "page-" + "a" * 24
    assert shop.tell(f"{shop.word}-visitor", shop.only, user=visitor).status_code == 202
    return visitor


def _webhook(shop: Shop, *, anew: bool = False) -> tuple[str, str]:
    """A webhook of this shop, and a delivery of it. A shop has no more than 20."""
    listed = [one["webhook_id"] for one in shop.api.get("/v1/webhooks").json()["webhooks"] if one["description"]]
    if anew or not listed:
        body = {"url": NOBODY, "types": ["*"], "description": shop.word}
        listed = [shop.api.post("/v1/webhooks", json=body).raise_for_status().json()["webhook_id"]]
        shop.api.post(f"/v1/webhooks/{listed[0]}/test").raise_for_status()
    return listed[0], shop.api.get(f"/v1/webhooks/{listed[0]}/deliveries").json()["deliveries"][0]["delivery_id"]


def _import(shop: Shop) -> str:
    """An import of this shop that ended, with two rows that name it."""
    table = f"sku,price\n{shop.word},dear\n{shop.word}-2,dear\n".encode()
    answer = shop.api.post("/v1/imports", files={"file": (f"{shop.word}.csv", table)}).raise_for_status()
    import_id = str(answer.json()["import_id"])
    until(lambda: shop.api.get(f"/v1/imports/{import_id}").json().get("finished_at"), "the import ended")
    return import_id


def _asked_of_a_shopper(shop: Shop, kind: str) -> str:
    """The id of an erasure or an export of this shop, that is done."""
    address = shop.api.post(f"/v1/users/{shop.word}-asked:{kind}").raise_for_status().headers["location"]
    until(lambda: shop.api.get(address).json()["state"] == "done", f"the {kind} is done")
    return str(address.rpartition("/")[2])


def _style(shop: Shop) -> str:
    """A style of this shop: that of its pieces which all look like one of them."""
    photo = shop.photo(shop.only)
    for number in range(4):
        sku = f"{shop.only}-LIKE-{number}"
        shop.api.put(f"/v1/items/{sku}", json=shop.item(sku)).raise_for_status()
        shop.upload(sku, photo)
    shop.settle()
    shop.api.post("/v1/inventory/styles:refresh").raise_for_status()
    listed: list[dict[str, Any]] = []

    def made() -> bool:
        listed[:] = shop.api.get("/v1/inventory/styles").raise_for_status().json()["styles"]
        return bool(listed)

    until(made, "its styles are made", 120)
    return str(listed[0]["style_id"])


def _advised(shop: Shop, sku: str) -> None:
    """Count the item, and have advice made."""
    counts = {"counts": [{"sku": sku, "quantity": 1}]}
    shop.api.post("/v1/inventory/counts", json=counts).raise_for_status()
    counted = f"/v1/inventory/items/{sku}"
    until(lambda: shop.api.get(counted).raise_for_status().json().get("on_hand") == 1, "the count is in the books")
    shop.api.post("/v1/inventory/styles:refresh").raise_for_status()
    until(lambda: shop.api.get(f"/v1/inventory/advice/{sku}").is_success, "advice is made", 120)


def _stocktake(shop: Shop) -> str:
    """A stock-take of this shop that nobody confirmed, of one photo of one piece."""
    photo = {"image": ("tray.jpg", RENDERED, "image/jpeg")}
    texts = {"expected": json.dumps(["RING-1"])}
    made = shop.api.post("/v1/inventory/stocktakes", files=photo, data=texts).raise_for_status()
    return str(made.json()["stocktake_id"])


def _reference(shop: Shop) -> dict[str, Any]:
    """A piece that this shop registered, with two pictures."""
    pictures = [("image", ("front.jpg", RENDERED, "image/jpeg")), ("image", ("side.jpg", PHOTO, "image/jpeg"))]
    texts = {"record": json.dumps({"title": shop.word}), "views": json.dumps(["front", "side"])}
    answer = shop.api.post("/v1/references", files=pictures, data=texts, timeout=60).raise_for_status()
    made: dict[str, Any] = answer.json()
    return made


def _verification(shop: Shop) -> dict[str, Any]:
    """Of a photo that shows this shop's registered piece."""
    claimed = {"query": json.dumps({"reference_id": _reference(shop)["reference_id"]})}
    photo = {"image": ("photo.jpg", RENDERED, "image/jpeg")}
    answer = shop.api.post("/v1/verify", files=photo, data=claimed, timeout=60).raise_for_status()
    made: dict[str, Any] = answer.json()
    return made


def _public(shop: Shop) -> str:
    """The public id of a reference of this shop."""
    path = f"/v1/references/{_reference(shop)['reference_id']}:publish"
    return str(shop.api.post(path).raise_for_status().json()["public"]["public_id"])


def _lookalike(shop: Shop, *, keeps_consent: bool = True) -> str:
    """What was found for this shop: a third one has a picture of it. The two shops of the matrix never consent at once,
    or each would be told of the other by its own wish."""
    assert shop.partner, "a third shop shows a picture of this one"
    consents = "/v1/lookalikes/consent"
    for api in (shop.partner, shop.api):
        api.put(consents, json={"consents": True}).raise_for_status()
    listed: list[dict[str, Any]] = []

    def found() -> bool:
        listed[:] = shop.api.get("/v1/lookalikes").raise_for_status().json()["lookalikes"]
        return bool(listed)

    until(found, "the copy is found", 120)
    if not keeps_consent:
        shop.api.put(consents, json={"consents": False}).raise_for_status()
    return str(listed[0]["lookalike_id"])


def _board(shop: Shop) -> tuple[str, str, str]:
    """A shared board of this shop, with a piece and an uploaded picture on it: its id and those of both."""
    board = shop.api.post("/v1/boards", json={"title": shop.word}).raise_for_status().json()
    path = f"/v1/boards/{board['board_id']}"
    photo = {"image": ("photo.jpg", RENDERED, "image/jpeg")}
    picture = shop.api.post(f"{path}/pictures", files=photo).raise_for_status().json()["picture_id"]
    entries = [{"sku": shop.only}, {"picture_id": picture}]
    shop.api.put(path, json={"title": shop.word, "entries": entries}).raise_for_status()
    shared = shop.api.post(f"{path}:share").raise_for_status().json()["share_url"]
    return str(board["board_id"]), str(picture), str(shared.rpartition("/")[2])


def _upload(shop: Shop) -> dict[str, str]:
    """An address of this shop, with a picture put to it."""
    (place,) = shop.api.post("/v1/uploads", json={"count": 1}).raise_for_status().json()["uploads"]
    url = urlsplit(place["url"])
    shop.api.put(f"{url.path}?{url.query}", content=PHOTO).raise_for_status()
    signed = dict(parse_qsl(url.query))
    return {"object_key": place["object_key"], "name": url.path.rpartition("/")[2], **signed}
