"""What browsers are told about every answer: what it is not, and what it may not do."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_YEAR = 31_536_000
PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=()"
    ),
}
"""Of a page that people look at. A photo is chosen through the browser's own dialog, which asks nobody."""

FIND = {**PAGE, "Permissions-Policy": PAGE["Permissions-Policy"].replace("camera=()", "camera=(self)")}
"""Of the page that takes a photo by a computer's camera, too, once somebody presses the button for it."""

TRY_ON = {
    **FIND,
    "Content-Security-Policy": PAGE["Content-Security-Policy"].replace(
        "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"
    ),
}
"""Of the page that finds hands and faces by WebAssembly, and may ask for the camera. It sends to its origin alone."""

SOLID = {
    **PAGE,
    "Content-Security-Policy": PAGE["Content-Security-Policy"].replace(
        "style-src 'self'", "style-src 'self' 'sha256-PXtZZkJMMyc18o/DN1ZEFOJ2qEGq95IQbVaJFMOXOb0='"
    ),
}
"""Of the page that shows a piece in 3-D: the one `<style>` that model-viewer puts beside its canvas, and no other."""


class Shield:
    """Adds the fields that an answer does not have itself, failures included.

    Answers in JSON are kept by nobody in between: they are a shop's. Who may use them from another origin, CORS says;
    pictures are shown by the pages of shops, so no field here keeps those off.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", _NOTHING)
                headers.setdefault("Referrer-Policy", "no-referrer")
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("X-Frame-Options", "DENY")
                if "json" in headers.get("content-type", ""):
                    headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
            await send(message)

        await self._app(scope, receive, shielded)
