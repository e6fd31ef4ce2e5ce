from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack import RunningStack

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The stack as `make run` starts it, with the sample catalogue."""
    running = RunningStack(tmp_path_factory.mktemp("e2e") / "home", sample=True)
    yield running
    running.stop()


@pytest.fixture
def query_photos() -> list[Path]:
    """New photographs of pieces of the sample catalogue; the file's name is the SKU."""
    return sorted((FIXTURES / "query_photos").glob("*-*-*.jpg"))
