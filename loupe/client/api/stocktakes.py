"""Stock-takes by photo."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from loupe.client.calls import Call, Form, answer, json_body
from loupe.client.pictures import Picture
from shared.contracts.stock import MAIN
from shared.contracts.stocktakes import CountedItem, Stocktake, StocktakeConfirmation

_ONE = "/v1/inventory/stocktakes/{stocktake_id}"


def take_stock(*photos: Picture, location: str = MAIN, expected: Sequence[str] | None = None) -> Call[Stocktake]:
    """What lies on up to four photos of one place, against what should lie there: `expected`, or all that the ledger
    says. Nothing is counted until it is confirmed."""
    texts = {"location": location} | ({} if expected is None else {"expected": json.dumps(list(expected))})
    return Call("POST", "/v1/inventory/stocktakes", answer(Stocktake), body=Form("image", photos, texts))


def stocktake(stocktake_id: str) -> Call[Stocktake]:
    """A stock-take of the last 90 days."""
    return Call("GET", _ONE, answer(Stocktake), {"stocktake_id": stocktake_id})


def look_closer(stocktake_id: str, number: int, photo: Picture) -> Call[Stocktake]:
    """Look again at one piece, by a photo of it alone, taken from nearer."""
    of = {"stocktake_id": stocktake_id, "number": str(number)}
    return Call("POST", f"{_ONE}/pieces/{{number}}/photo", answer(Stocktake), of, body=Form("image", [photo]))


def confirm_stocktake(stocktake_id: str, counts: Mapping[str, int] | None = None) -> Call[Stocktake]:
    """Save it as counts. `counts`: by SKU what somebody saw with their own eyes, which wins."""
    said = StocktakeConfirmation(counts=[CountedItem(sku=sku, quantity=n) for sku, n in (counts or {}).items()])
    return Call("POST", f"{_ONE}:confirm", answer(Stocktake), {"stocktake_id": stocktake_id}, body=json_body(said))
