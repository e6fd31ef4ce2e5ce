"""The page's own modules in a headless Chromium: where they see hands and faces in a picture, and put pieces."""

from __future__ import annotations

import base64
import io
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from services.gateway.routes.page import FILES
from services.gateway.shielding import TRY_ON

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
_PATIENCE_MS = 600_000
_ASKED = """async ([data, kind]) => {
  const { landmarks } = await import("/page/tryon/landmarks.js");
  const places = await import("/page/tryon/places.js");
  const image = new Image();
  image.src = data;
  await image.decode();
  const began = performance.now();
  const found = await landmarks(kind, image, image.naturalWidth, image.naturalHeight, true);
  const ms = performance.now() - began;
  const ofHand = (hand) => ({
    points: hand.points, palm: places.palmWidth(hand), back: places.showsPalm(hand),
    rings: Object.fromEntries(Object.keys(places.FINGERS).map((finger) => [finger, places.ringPlace(hand, finger)])),
  });
  const ofFace = (face) => ({
    points: face.points, wide: places.faceWidth(face.points), ears: places.earPlaces(face),
    neck: places.neckPlace(face),
  });
  return { ms, found: found.map(kind === "hand" ? ofHand : ofFace) };
}"""

Look = Callable[[Image.Image, str], dict[str, Any]]
"""A picture and "hand" or "face" to `{ms, found}`: what was seen, in the picture's pixels, as `places.js` has it."""


@contextmanager
def looking() -> Iterator[Look]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        with looking_in(browser) as look:
            yield look
        browser.close()


@contextmanager
def looking_in(browser: Browser) -> Iterator[Look]:
    with _served() as address:
        page = browser.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(address)

        def look(picture: Image.Image, kind: str) -> dict[str, Any]:
            packed = io.BytesIO()
            picture.convert("RGB").save(packed, "PNG")
            data = f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode()}"
            told: dict[str, Any] = page.evaluate(_ASKED, [data, kind])
            return told

        yield look
        page.close()


class _Page(SimpleHTTPRequestHandler):
    """The page's files at `/page`, and at `/` an empty page under the same policy."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/page"))

    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        for name, value in {**TRY_ON, "Content-Type": "text/html"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Hands</title><link rel=icon href=/page/icon.svg>")
        return None

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _served() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Page, directory=str(FILES)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
