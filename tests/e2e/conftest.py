from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.support.stack import RunningStack

FIXTURES = Path(__file__).parents[1] / "fixtures"
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as begun:
        yield begun


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "chromium is missing: run tests/install-debian-packages"
    opened = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
    yield opened
    opened.close()


@pytest.fixture(scope="package")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The stack as `make run` starts it, with the sample catalogue."""
    running = RunningStack(tmp_path_factory.mktemp("e2e") / "home", sample=True)
    yield running
    running.stop()


@pytest.fixture(scope="package")
def process_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The stack as `make up-processes` starts it, with the sample catalogue."""
    running = RunningStack(tmp_path_factory.mktemp("e2e") / "home", sample=True, processes=True)
    yield running
    running.stop()


@pytest.fixture(scope="package", params=["local_stack", "process_stack"])
def stack(request: pytest.FixtureRequest) -> RunningStack:
    """Each of the two in turn: what a user sees is the same on both."""
    running: RunningStack = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def query_photos() -> list[Path]:
    """New photographs of pieces of the sample catalogue; the file's name is the SKU."""
    return sorted((FIXTURES / "query_photos").glob("*-*-*.jpg"))
