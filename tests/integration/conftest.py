from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.copying import Market
from tests.support.databases import NewDatabase
from tests.support.gateway import Stand, running_gateway
from tests.support.receiving import Receiver, receiving
from tests.support.shops import Shop, running, shop_loops
from tests.support.waiting import until


@pytest.fixture
def shop(any_shop: Shop) -> Shop:
    any_shop.forget_all()
    return any_shop


@pytest.fixture
def shop_gateway(tmp_path: Path, shop: Shop) -> Iterator[Stand]:
    """A gateway that hears the shops `shop` and `other` by queue, and tells them."""
    with running_gateway(tmp_path, shop_bus_url=shop.url) as stand, running(shop_loops(stand.service)):
        until(lambda: shop.is_served("shop") and shop.is_served("other"), "both shops are served")
        yield stand


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running_receiver:
        yield running_receiver


@pytest.fixture
def market(new_database: NewDatabase, tmp_path: Path) -> Iterator[Market]:
    opened = Market(new_database(), tmp_path)
    yield opened
    opened.close()
