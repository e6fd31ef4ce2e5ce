from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.composed import SERVICES, STORES, ComposedStack

CHECKOUT = os.environ.get("LOUPE_COMPOSED")
"""`python -m tests.containers` sets it, once the images are built; without it there is nothing here to run."""
collect_ignore_glob = [] if CHECKOUT else ["test_*.py"]
SAMPLE = Path(__file__).parents[2] / "deploy/local/sample"


@pytest.fixture(scope="package")
def measured() -> Iterator[dict[str, object]]:
    """What the tests measured, for the report: it is beside the checkout once they end."""
    assert CHECKOUT
    found: dict[str, object] = {}
    yield found
    (Path(CHECKOUT).parent / "measured.json").write_text(json.dumps(found))


@pytest.fixture(scope="package")
def stack(measured: dict[str, object]) -> Iterator[ComposedStack]:
    """The stack as `docker-compose up` starts it, with the sample catalogue."""
    assert CHECKOUT
    running = ComposedStack(Path(CHECKOUT))
    try:
        measured["seconds until healthy"] = running.start()
        imported = running.loupe("import", str(SAMPLE / "catalogue.csv"), "--pictures", str(SAMPLE / "pictures"))
        assert imported.returncode == 0, imported.stdout + imported.stderr
        yield running
        measured["memory"] = {service: running.memory(service) for service in (*SERVICES, *STORES)}
    finally:
        running.stop()
