from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.vectors import UrlOf, urls


@pytest.fixture(scope="session")
def url_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UrlOf]:
    with urls(tmp_path_factory.mktemp("qdrant-server")) as found:
        yield found
