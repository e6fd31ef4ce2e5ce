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


SAMPLE_STACKS = ("grafana", "page", "photo_to_suggestion", "secrets", "shopper_story")
VIEWS = ("catalogue_map", "every_view", "finding", "inert")
ONE_WORKER = {
    **{f"tests/e2e/test_{name}.py": "tests/e2e with the sample" for name in SAMPLE_STACKS},
    **{f"tests/e2e/test_{name}.py": "tests/e2e of all views" for name in VIEWS},
    **{f"tests/e2e/isolation/test_{name}.py": "tests/e2e/isolation" for name in ("every_route", "forgeries")},
}
"""Files that share a stack, which takes up to a minute to start: one worker runs them all and starts it once."""
SECONDS = {
    "tests/e2e with the sample": 330,
    "tests/e2e/test_operating.py": 90,
    "tests/e2e of all views": 260,
    "tests/e2e/test_reindex.py": 135,
    "tests/contract/test_http_contract.py": 120,
    "tests/chaos/test_poison_picture.py": 59,
    "tests/e2e/isolation": 50,
    "tests/integration/test_messaging_faults.py": 49,
    "tests/chaos/test_faults.py": 49,
    "tests/chaos/test_killing_the_stack.py": 43,
    "tests/e2e/test_shop_queue.py": 40,
    "tests/e2e/test_backing_up.py": 40,
    "tests/integration/test_recommender_paging.py": 37,
    "tests/chaos/test_placed_kills.py": 36,
    "tests/chaos/test_killing_the_shop_bus.py": 30,
    "tests/integration/test_shop_faults.py": 27,
    "tests/unit/test_lab_finder.py": 24,
    "tests/unit/test_embedder_model.py": 22,
    "tests/integration/test_servers.py": 21,
    "tests/integration/test_quarantine.py": 19,
    "tests/integration/test_lab_evaluation_set.py": 19,
    "tests/adapter/test_shopbus.py": 19,
    "tests/contract/test_shop_messages.py": 18,
    "tests/adapter/test_shop_users.py": 16,
    "tests/unit/test_render_pieces.py": 14,
    "tests/integration/test_embedder_real_pictures.py": 14,
    "tests/unit/test_lab_models.py": 12,
}
"""What few tests take long, by `--durations` on two cores. It need not be exact: it says what is begun first."""
_SECONDS_A_TEST = 0.3


class _LongestFirst(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """A file is run by one worker, and the longest is begun first, lest one worker ends minutes after the other."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return ONE_WORKER.get(file, file)

    def _assign_work_unit(self, node: object) -> None:
        longest = max(self.workqueue, key=lambda scope: _seconds(scope, len(self.workqueue[scope])))
        self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)


def _seconds(scope: str, tests: int) -> float:
    return SECONDS.get(scope, tests * _SECONDS_A_TEST)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return _LongestFirst(config, log)
