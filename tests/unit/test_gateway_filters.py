"""What passes two sets of filters, against plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.queries import both
from shared.contracts.internal import Filters

WORDS = st.none() | st.lists(st.sampled_from(["gold", "silver", "black"]), min_size=1, max_size=3, unique=True)
TIMES = st.none() | st.sampled_from([datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)])
PRICES = st.none() | st.sampled_from([0.0, 10.0, 20.0, 30.0])
FILTERS = st.builds(
    Filters,
    metal=WORDS,
    brand=WORDS,
    created_after=TIMES,
    price_min=PRICES,
    price_max=PRICES,
    in_stock=st.none() | st.booleans(),
    without=st.dictionaries(
        st.sampled_from(["metal", "brand"]), st.lists(st.sampled_from(["gold", "silver"]), unique=True)
    ),
    exclude_skus=st.lists(st.sampled_from(["A", "B"]), unique=True),
)
MONTHS = [datetime(2026, month, 2, tzinfo=UTC) for month in (1, 2, 3)]
COLOURS = ["gold", "silver", "black"]
PIECES = [
    {"sku": sku, "metal": metal, "brand": brand, "created": created, "price": price, "in_stock": in_stock}
    for sku, metal, brand, created, price, in_stock in product(
        ["A", "B", "C"], COLOURS, COLOURS, MONTHS, [0.0, 10.0, 15.0, 30.0], [True, False]
    )
]


def passes(piece: Mapping[str, Any], filters: Filters) -> bool:
    return (
        (filters.metal is None or piece["metal"] in filters.metal)
        and (filters.brand is None or piece["brand"] in filters.brand)
        and (filters.created_after is None or piece["created"] > filters.created_after)
        and (filters.price_min is None or piece["price"] >= filters.price_min)
        and (filters.price_max is None or piece["price"] <= filters.price_max)
        and (filters.in_stock is None or piece["in_stock"] == filters.in_stock)
        and not any(piece[name] in values for name, values in filters.without.items())
        and piece["sku"] not in filters.exclude_skus
    )


@given(ours=FILTERS, theirs=FILTERS)
def test_a_piece_passes_both_exactly_when_it_passes_each(ours: Filters, theirs: Filters) -> None:
    merged = both(ours, theirs)
    for piece in PIECES:
        expected = passes(piece, ours) and passes(piece, theirs)
        assert (merged is not None and passes(piece, merged)) == expected, piece
