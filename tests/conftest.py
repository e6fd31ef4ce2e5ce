import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

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


SAMPLE_STACKS = {
    f"tests/e2e/test_{name}.py" for name in ("grafana", "page", "photo_to_suggestion", "secrets", "shopper_story")
}
"""Their stacks, with the sample catalogue, take a minute to start: one worker runs them all and starts each once."""


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "the stacks with the sample catalogue" if file in SAMPLE_STACKS else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """A file is run by one worker."""
    return _ByFile(config, log)
