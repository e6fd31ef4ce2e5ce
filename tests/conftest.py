import pytest
from hypothesis import settings

from tests.support.databases import new_database, postgresql_url
from tests.support.messaging import running_broker
from tests.support.servers import running_object_store, running_postgresql, running_rabbitmq
from tests.support.shops import amqp_shop, any_shop, redis_shop

__all__ = [
    "amqp_shop",
    "any_shop",
    "new_database",
    "postgresql_url",
    "redis_shop",
    "running_broker",
    "running_object_store",
    "running_postgresql",
    "running_rabbitmq",
]

settings.register_profile("same-every-time", derandomize=True, deadline=None)
settings.load_profile("same-every-time")  # a failure that only some runs draw stops whoever did not cause it

_SAMPLE_STACKS = {"local_stack", "process_stack"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of parallel workers one takes a file whole, and one all that needs the sample stacks, which start in a minute."""
    for item in items:
        needs_stack = not _SAMPLE_STACKS.isdisjoint(getattr(item, "fixturenames", ()))
        asked = getattr(getattr(item, "callspec", None), "params", {})
        shared = needs_stack or not _SAMPLE_STACKS.isdisjoint(map(str, asked.values()))
        item.add_marker(pytest.mark.xdist_group("sample stacks" if shared else str(item.path)))
