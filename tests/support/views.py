"""Every view of the pages, as a browser opens it."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.routing import APIRoute
from playwright.sync_api import Browser, BrowserContext, Page

from services.gateway.routes import page as pages

SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
PARTS = {"/": ("#piece/RING-EMERALD-HALO-01",), "/inspire": ("#map", "#colours", "#blend")}
"""Views that a page shows by the part behind its address."""
SWAGGER_UI = "/docs"
OF_ONE_PIECE = "/in-3d"
"""A page to which a piece leads, and no other way."""
PATIENCE_MS = 180_000
_WATCH = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value);
  }).observe({ type: "layout-shift", buffered: true });
"""


def paths() -> list[str]:
    """Those of the pages that need nothing in their address."""
    return [route.path for route in pages.router.routes if isinstance(route, APIRoute) and "{" not in route.path]


def views() -> list[str]:
    """Of our own pages: all but Swagger UI's."""
    return [path + part for path in paths() if path != SWAGGER_UI for part in ("", *PARTS.get(path, ()))]


class Watched:
    """A page that notes what breaks its policy, fails, or leaves its origin. `close` raises if anything did."""

    def __init__(self, browser: Browser, address: str, size: str = "desktop", theme: str = "light") -> None:
        self.address = address
        self.context: BrowserContext = browser.new_context(
            base_url=address,
            viewport=SIZES[size],  # type: ignore[arg-type]  # a dict it is
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.add_init_script(_WATCH)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda told: self.faults.append(told.text) if "Policy" in told.text else None)
        self.page.on("request", lambda made: self._leaves(made.url))

    def _leaves(self, url: str) -> None:
        if not url.startswith((self.address, "blob:", "data:")):
            self.faults.append(url)

    def open(self, view: str) -> Page:
        """Anew, with all that it asks for."""
        self.page.goto("about:blank")
        self.page.goto(view)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def shifted(self) -> float:
        """By how much what was seen already has moved since the view was opened: 0.1 is what people feel."""
        shifts: list[float] = self.page.evaluate("window.shifts")
        return sum(shifts)

    def close(self) -> None:
        self.context.close()
        assert self.faults == []


Opened = Callable[..., Watched]
