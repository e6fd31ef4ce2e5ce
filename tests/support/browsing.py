"""Pages as people open them: at two sizes, and nothing on them fails silently or breaks its own policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect

PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"},
}


@contextmanager
def opened(browser: Browser, size: str, address: str) -> Iterator[Page]:
    """A browser never seen before, at `address`. No page may be wider than the screen at its end."""
    context = browser.new_context(locale="en-GB", **SIZES[size])
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    wrong: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    yield page
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
    origin = "/".join(address.split("/")[:3])
    context.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith((origin, "blob:", "data:"))] == []
