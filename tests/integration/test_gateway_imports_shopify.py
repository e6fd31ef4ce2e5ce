"""A Shopify export of 2,000 products, with all that real ones are odd in: every row is accounted for."""

from __future__ import annotations

from pathlib import Path

from services.gateway.tables import Item
from tests.support.gateway import running_gateway
from tests.support.importing import imported, importing, rows, said
from tests.support.shopify_export import export

PRODUCTS = 2_000


def test_every_row_of_an_export_of_2000_products_is_accounted_for(tmp_path: Path) -> None:
    made = export(PRODUCTS)
    with running_gateway(tmp_path) as stand, importing(stand):
        done = imported(stand, made.csv())
        assert (done["state"], done["format"], done["rows"]) == ("done", "shopify", len(made.rows))
        assert said(done) == dict(made.expected)
        assert done["pictures"]["not_fetched"] == made.pictures, "no host is allowed"
        with stand.catalogue.read() as session:
            assert {*session.query(Item.sku).filter(Item.removed.is_(False))} == {(sku,) for sku in made.items}

        every = rows(stand, done["import_id"])
        assert [row["row"] for row in every] == list(range(1, len(made.rows) + 1))
        assert all(row.get("reason") for row in every if row["outcome"] in ("rejected", "skipped"))

        again = imported(stand, made.csv(bom=False))
        left = {name: count for name, count in made.expected.items() if name != "imported"}
        assert said(again) == {**left, "unchanged": made.expected["imported"]}, "the same file twice changes nothing"
