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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file is run by one worker, and so are files that share what takes long to start: they say so themselves."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
