"""Where the page's try-on puts a ring on real hands, against where they wear one: in a browser, as a shopper has it."""

from __future__ import annotations

import base64
import csv
import json
import math
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from lab.datasets import JEWELRY, Record, read_jewelry
from services.gateway.routes.page import FILES
from services.gateway.shielding import TRY_ON

REPORT = Path(__file__).parent / "reports" / "try-on" / "report.md"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
NEAR = 0.10
"""Of the palm's width: a ring whose middle lies so near to the mark's is in its place."""
_ON_WRIST = 0.6
"""Of the palm's width: a mark that spans so much is of a watch or a band about the wrist, which the set marks too."""
_PATIENCE_MS = 600_000
_ASKED = """async ([data]) => {
  const { landmarks } = await import("/page/tryon/landmarks.js");
  const { FINGERS, ringPlace, palmWidth } = await import("/page/tryon/places.js");
  const image = new Image();
  image.src = data;
  await image.decode();
  const began = performance.now();
  const hands = await landmarks("hand", image, image.naturalWidth, image.naturalHeight, true);
  return {
    width: image.naturalWidth, height: image.naturalHeight, ms: performance.now() - began,
    hands: hands.map((hand) => ({
      palm: palmWidth(hand),
      rings: Object.fromEntries(Object.keys(FINGERS).map((finger) => [finger, ringPlace(hand, finger)])),
    })),
  };
}"""


@dataclass(frozen=True)
class Seen:
    """`error` is of the finger whose ring lies nearest, in palm widths; None where no hand was found. `marked` is how
    wide the mark is across that finger, `placed` how wide the ring is put on it, alike."""

    name: str
    view: str
    error: float | None
    finger: str
    marked: float
    placed: float
    ms: float
    on_wrist: bool


def evaluate(split: str, count: int) -> list[Seen]:
    """The first so many hands of a split, by hash: a choice that nobody made."""
    rows = [row for row in read_jewelry() if row.collection == "hands" and row.split == split]
    marks = _marks()
    rows = sorted(rows, key=lambda row: row.sha256)[:count]
    with _served() as address, sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(address)
        seen = []
        for number, row in enumerate(rows, 1):
            data = f"data:image/jpeg;base64,{base64.b64encode(row.path.read_bytes()).decode()}"
            seen.append(_seen(row, page.evaluate(_ASKED, [data]), marks[row.sha256]))
            print(f"{number} of {len(rows)}: {seen[-1]}", flush=True)
        browser.close()
    return seen


def report(seen: list[Seen], split: str) -> str:
    """What came of it, as Markdown."""
    rings = [one for one in seen if not one.on_wrist]
    found = [one for one in rings if one.error is not None]
    near = [one for one in found if one.error is not None and one.error <= NEAR]
    errors = [one.error for one in found if one.error is not None]
    wide = [one.placed / one.marked for one in found]
    lines = [
        "# Where try-on puts a ring",
        "",
        f"`python -m lab evaluate-try-on --split {split} --count {len(seen)}`, on {len(seen)} photographs of hands of "
        f"that split ({JEWELRY.name}/hands, not in this repository), in headless Chromium without a GPU.",
        "",
        "| | |",
        "| --- | --- |",
        f"| photographs | {len(seen)} |",
        f"| of them with a hand found | {sum(one.error is not None for one in seen)} |",
        f"| marks about a wrist (watch or band, set aside) | {len(seen) - len(rings)} |",
        f"| with a ring marked | {len(rings)} |",
        f"| **ring within {NEAR:.0%} of the palm's width of the mark's middle** | **{len(near)} of {len(rings)}"
        f" ({len(near) / max(len(rings), 1):.0%}, {_interval(len(near), len(rings))})** |",
        f"| median error, in palm widths | {statistics.median(errors):.3f} |",
        f"| ring's width, against the mark's, median | {statistics.median(wide):.2f} |",
    ]
    for view in sorted({one.view for one in rings}):
        of_view = [one for one in rings if one.view == view]
        hits = sum(one.error is not None and one.error <= NEAR for one in of_view)
        lines.append(f"| within, {view} | {hits} of {len(of_view)} |")
    lines += [
        "",
        "The finger is the one, of five, whose ring lies nearest to the mark: a shopper says which finger. Marks are",
        "the boxes of the set, made by others by hand. The places along the finger were fitted on its train split.",
        "The interval is Wilson's, of 95%. One person's photographs are alike, so it is too narrow.",
        "",
    ]
    return "\n".join(lines)


def _seen(row: Record, told: dict[str, Any], boxes: list[list[float]]) -> Seen:
    best: Seen | None = None
    for x0, y0, x1, y1 in boxes:
        wide, high = (x1 - x0) * told["width"], (y1 - y0) * told["height"]
        middle = ((x0 + x1) / 2 * told["width"], (y0 + y1) / 2 * told["height"])
        for hand in told["hands"]:
            palm = hand["palm"]
            for finger, place in hand["rings"].items():
                error = math.dist(middle, (place["x"], place["y"])) / palm
                across = abs(wide * math.cos(place["angle"])) + abs(high * math.sin(place["angle"]))
                if best is None or best.error is None or error < best.error:
                    span = max(wide, high) / palm
                    best = Seen(
                        row.path.name, row.view, error, finger, across / palm, place["wide"] / palm, told["ms"],
                        on_wrist=span > _ON_WRIST,
                    )  # fmt: skip
    return best or Seen(row.path.name, row.view, None, "", math.nan, math.nan, told["ms"], on_wrist=False)


def _marks() -> dict[str, list[list[float]]]:
    with (JEWELRY / "manifest.csv").open(newline="") as file:
        return {row["sha256"]: json.loads(row["boxes"]) for row in csv.DictReader(file) if row["set"] == "hands"}


def _interval(hits: int, of: int) -> str:
    """Wilson 1927, 95%."""
    if not of:
        return "none"
    z, share = 1.96, hits / of
    middle = share + z * z / (2 * of)
    reach = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    low, high = ((middle + sign * reach) / (1 + z * z / of) for sign in (-1, 1))
    return f"{low:.0%} to {high:.0%}"


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


def write(split: str, count: int) -> str:
    began = time.monotonic()
    text = report(evaluate(split, count), split)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text)
    return f"{text}\n{time.monotonic() - began:.0f} s"
