"""What every shop bus promises, on each adapter over a real server."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from shared.errors import Permanent, Retryable
from shared.shopbus import Delivery, ShopBus, open
from tests.support.shops import Shop
from tests.support.waiting import until


@pytest.fixture
def shop(any_shop: Shop) -> Shop:
    return any_shop


@pytest.fixture
def tenant() -> str:
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def bus(shop: Shop) -> Iterator[ShopBus]:
    bus = shop.bus()
    yield bus
    bus.close()


def take(bus: ShopBus, tenant: str, count: int = 1) -> list[Delivery]:
    """The next `count` events of a tenant, not settled."""
    return take_of(bus, [tenant], count)


def take_of(bus: ShopBus, tenants: list[str], count: int = 1, paused: tuple[str, ...] = ()) -> list[Delivery]:
    taken: list[Delivery] = []

    def enough() -> bool:
        try:
            taken.extend(bus.receive(tenants, 0.2, paused))
        except Retryable:  # it is only just coming back: all of them come again
            taken.clear()
        return len(taken) >= count

    until(enough, f"{count} events come in", 60)  # a broker that was killed takes its time
    return taken


def nothing_comes(bus: ShopBus, *tenants: str) -> bool:
    return bus.receive(list(tenants), 0.3) == []


def bodies(taken: list[Delivery]) -> list[bytes]:
    return [delivery.body for delivery in taken]


def test_events_come_in_the_order_in_which_they_were_sent(shop: Shop, bus: ShopBus, tenant: str) -> None:
    assert nothing_comes(bus, tenant)  # the line is there from now on
    for number in range(20):
        shop.send(tenant, b"%d" % number)
    taken = []
    for _ in range(20):
        taken += take(bus, tenant)
        bus.done(taken[-1])
    assert bodies(taken) == [b"%d" % number for number in range(20)]
    assert all(delivery.tenant == tenant and delivery.tries == 1 and not delivery.fault for delivery in taken)
    assert nothing_comes(bus, tenant)


def test_the_tenant_is_told_by_the_line_alone(shop: Shop, bus: ShopBus, tenant: str) -> None:
    other = f"{tenant}-other"
    assert nothing_comes(bus, tenant, other)
    shop.send(tenant, b'{"tenant": "somebody-else"}')
    shop.send(other, b"of the other")
    assert bodies(take(bus, tenant)) == [b'{"tenant": "somebody-else"}']
    assert bodies(take(bus, other)) == [b"of the other"]


def test_what_was_not_settled_comes_again_first_and_in_order_when_its_gateway_died(shop: Shop, tenant: str) -> None:
    dead, heir = shop.bus(), shop.bus()
    assert nothing_comes(dead, tenant)
    for body in (b"one", b"two", b"three", b"four"):
        shop.send(tenant, body)
    taken = take(dead, tenant, 3)
    dead.done(taken[0])
    assert nothing_comes(heir, tenant)
    shop.abandon(dead)
    again = take(heir, tenant, 3)
    assert bodies(again) == [b"two", b"three", b"four"]
    assert (again[0].tries, again[2].tries) == (2, 1)
    for delivery in again:
        heir.done(delivery)
    assert nothing_comes(heir, tenant)
    heir.close()


def test_a_gateway_that_closes_hands_over_at_once(shop: Shop, tenant: str) -> None:
    first, second = shop.bus(), shop.bus()
    assert nothing_comes(first, tenant)
    shop.send(tenant, b"one")
    take(first, tenant)
    first.close()
    assert bodies(take(second, tenant)) == [b"one"]
    second.close()


def test_an_event_that_is_held_lets_those_behind_it_pass(shop: Shop, bus: ShopBus, tenant: str) -> None:
    assert nothing_comes(bus, tenant)
    shop.send(tenant, b"held")
    shop.send(tenant, b"behind")
    held, behind = take(bus, tenant, 2)
    bus.done(behind)
    bus.done(held)
    assert (held.body, behind.body) == (b"held", b"behind")
    assert nothing_comes(bus, tenant)


def test_a_paused_tenant_waits_and_the_others_do_not(shop: Shop, bus: ShopBus, tenant: str) -> None:
    other = f"{tenant}-other"
    assert nothing_comes(bus, tenant, other)
    shop.send(tenant, b"later")
    shop.send(other, b"now")
    assert bodies(take_of(bus, [tenant, other], paused=(tenant,))) == [b"now"]
    assert bus.receive([tenant, other], 0.3, paused={tenant}) == []
    assert bodies(take(bus, tenant)) == [b"later"]


def test_a_buried_event_leaves_a_letter_and_does_not_come_again(shop: Shop, bus: ShopBus, tenant: str) -> None:
    assert nothing_comes(bus, tenant)
    shop.send(tenant, b"rubbish")
    bus.bury(take(bus, tenant)[0], b"a letter")
    assert shop.read(tenant, "dead") == [b"a letter"]
    assert nothing_comes(bus, tenant)


def test_published_events_lie_in_the_line_out_in_order(shop: Shop, bus: ShopBus, tenant: str) -> None:
    bus.publish(tenant, [b"one", b"two"])
    bus.publish(tenant, [b"three"])
    assert shop.read(tenant, "out") == [b"one", b"two", b"three"]


def test_a_large_event_comes_whole(shop: Shop, bus: ShopBus, tenant: str) -> None:
    assert nothing_comes(bus, tenant)
    body = b"0123456789abcdef" * 700_000
    shop.send(tenant, body)
    assert take(bus, tenant)[0].body == body


def test_a_new_tenant_is_served_beside_the_old_ones(shop: Shop, bus: ShopBus, tenant: str) -> None:
    new = f"{tenant}-new"
    assert nothing_comes(bus, tenant)
    assert nothing_comes(bus, tenant, new)
    shop.send(new, b"hello")
    assert bodies(take_of(bus, [tenant, new])) == [b"hello"]


def test_many_tenants_are_all_served(shop: Shop, bus: ShopBus, tenant: str) -> None:
    tenants = [f"{tenant}-{number}" for number in range(40)]
    until(lambda: bus.receive(tenants, 0.01) == [], "nothing is there")
    for one in tenants:
        shop.send(one, one.encode())
    taken = take_of(bus, tenants, 40)
    assert sorted(bodies(taken)) == sorted(one.encode() for one in tenants)


def test_a_shop_that_spoils_its_own_line_harms_no_other(shop: Shop, bus: ShopBus, tenant: str) -> None:
    spoilt = f"{tenant}-0"
    shop.spoil(spoilt)
    assert nothing_comes(bus, spoilt, tenant)
    shop.send(tenant, b"of a good one")
    assert bodies(take_of(bus, [spoilt, tenant])) == [b"of a good one"]


def test_a_bus_that_comes_back_gives_again_what_was_not_settled(shop: Shop, bus: ShopBus, tenant: str) -> None:
    assert nothing_comes(bus, tenant)
    shop.send(tenant, b"one")
    shop.send(tenant, b"two")
    taken = take(bus, tenant)
    shop.server.stop()  # not killed: RabbitMQ may then forget a queue that it made a moment ago
    calls: list[Callable[[], object]] = [
        lambda: until(lambda: bus.receive([tenant], 0.1) is None, "never"),  # some may have come in before
        lambda: bus.done(taken[0]),
        lambda: bus.bury(taken[0], b"letter"),
        lambda: bus.publish(tenant, [b"event"]),
        bus.ping,
    ]
    for call in calls:
        with pytest.raises(Retryable, match="SHOP_BUS_URL"):
            call()
    shop.server.start()
    assert bodies(take(bus, tenant, 2)) == [b"one", b"two"]
    bus.ping()


def test_a_url_of_no_bus_is_refused_with_what_to_write() -> None:
    with pytest.raises(Permanent, match=r"redis://.*amqp://"):
        open("kafka://host")


def test_what_is_chosen_is_taken_out_of_a_line_and_the_rest_stays_in_its_order(
    shop: Shop, bus: ShopBus, tenant: str
) -> None:
    assert nothing_comes(bus, tenant)
    bus.publish(tenant, [b"1", b"2", b"3", b"2"])
    assert bus.take_out(tenant, "out", lambda body: body == b"2") == 2
    assert bus.take_out(tenant, "out", lambda _: False) == 0
    assert bus.take_out(tenant, "dead", lambda _: True) == 0
    until(lambda: shop.read(tenant, "out") == [b"1", b"3"], "the others are there")
