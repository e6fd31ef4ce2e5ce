"""What passes two sets of filters, against plain Python."""

from __future__ import annotations

from datetime import UTC, datetime

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
    exclude_skus=st.lists(st.sampled_from(["A", "B"]), unique=True),
)
PIECES = st.fixed_dictionaries(
    {
        "sku": st.sampled_from(["A", "B", "C"]),
        "metal": st.sampled_from(["gold", "silver", "black"]),
        "brand": st.sampled_from(["gold", "silver", "black"]),
        "created": st.sampled_from([datetime(2026, month, 2, tzinfo=UTC) for month in (1, 2, 3)]),
        "price": st.sampled_from([0.0, 10.0, 15.0, 30.0]),
        "in_stock": st.booleans(),
    }
)


def passes(piece: dict[str, object], filters: Filters) -> bool:
    return (
        (filters.metal is None or piece["metal"] in filters.metal)
        and (filters.brand is None or piece["brand"] in filters.brand)
        and (filters.created_after is None or piece["created"] > filters.created_after)  # type: ignore[operator]
        and (filters.price_min is None or piece["price"] >= filters.price_min)  # type: ignore[operator]
        and (filters.price_max is None or piece["price"] <= filters.price_max)  # type: ignore[operator]
        and (filters.in_stock is None or piece["in_stock"] == filters.in_stock)
        and piece["sku"] not in filters.exclude_skus
    )


@given(ours=FILTERS, theirs=FILTERS, piece=PIECES)
def test_a_piece_passes_both_exactly_when_it_passes_each(
    ours: Filters, theirs: Filters, piece: dict[str, object]
) -> None:
    merged = both(ours, theirs)
    expected = passes(piece, ours) and passes(piece, theirs)
    assert (merged is not None and passes(piece, merged)) == expected
