"""How long it takes to lay out a catalogue, and how smoothly the page moves over it: `make bench-map`.

`python -m bench.catalogue_map --pieces 50000` writes bench/reports/catalogue-map.md. The vectors are made up: so many
styles, each a cloud about a middle of its own, as pieces of a shop are.

The page is dragged to and fro in Chromium without a GPU, one step a frame. The time of a frame is what the page's own
thread draws for; from frame to frame is what a person sees, and all else on the machine takes part in that.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, expect, sync_playwright

from services.recommender.map.held import Held, pack
from services.recommender.map.layout import Floats, kept_together, lay_out
from services.recommender.map.reading import AXES
from services.recommender.map.telling import framed
from shared.contracts.catalogue_map import CatalogueMap
from tests.support.gateway import KEY, running_gateway
from tests.support.upstreams import running_upstreams, served

REPORT = Path(__file__).parent / "reports" / "catalogue-map.md"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FRAMES = 240
STYLES = 600
KINDS = ("ring", "earring", "necklace", "bracelet", "brooch")
DRAG = """async (frames) => {
  const canvas = document.getElementById("map-canvas"), box = canvas.getBoundingClientRect(), draws = [], gaps = [];
  const at = (kind, x) => canvas.dispatchEvent(new PointerEvent(kind, { pointerId: 1, bubbles: true,
    clientX: box.left + x, clientY: box.top + box.height / 2 }));
  canvas.setPointerCapture = () => {};
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
  at("pointerdown", 300);
  let last = await frame();
  for (let step = 0; step < frames; step++) {
    at("pointermove", 300 + 120 * Math.sin(step / 15));
    const now = await frame();
    gaps.push(now - last);
    draws.push(Number(canvas.dataset.ms));
    last = now;
  }
  at("pointerup", 300);
  return { draws, gaps: gaps.slice(2) };
}"""


def made_up(pieces: int) -> tuple[Floats, NDArray[np.int64]]:
    """[pieces, axes] of unit length, and of each its style."""
    dice = np.random.default_rng(11)
    middles = dice.normal(size=(STYLES, AXES))
    styles = dice.integers(0, STYLES, pieces)
    vectors = middles[styles] + 0.6 * dice.normal(size=(pieces, AXES))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32), styles


def laid_out(vectors: Floats) -> tuple[Floats, list[str]]:
    """Where they lie, and a row of the report for each time that it was worked out."""
    rows = []
    places: Floats | None = None
    for name in ("from nothing", "from where it lay"):
        began, used = time.monotonic(), time.process_time()
        places = lay_out(vectors, places)
        took, cpu = time.monotonic() - began, time.process_time() - used
        rows.append(f"| {name} | {took:.0f} | {cpu:.0f} | {kept_together(vectors, places):.2f} |")
    assert places is not None  # noqa: S101
    return places, rows


def map_of(places: Floats, styles: NDArray[np.int64]) -> CatalogueMap:
    at = framed(places).round().astype(int)
    pieces = len(at)
    dice = np.random.default_rng(5)
    return CatalogueMap(
        state="ready",
        laid_out=pieces,
        skus=[f"PIECE-{number:06}" for number in range(pieces)],
        x=at[:, 0].tolist(),
        y=at[:, 1].tolist(),
        types=list(KINDS),
        type=(styles % len(KINDS)).tolist(),
        metals=["gold", "silver"],
        metal=(styles % 2).tolist(),
        currency="EUR",
        price=dice.uniform(20, 2_000, pieces).round(2).tolist(),
        day=dice.integers(19_000, 20_500, pieces).tolist(),
    )


def dragged(told: CatalogueMap) -> list[str]:
    """A row of the report for each size of the screen and each nearness."""
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_upstreams() as upstreams,
        running_gateway(Path(folder), upstreams, page_tenant="shop", page_key=KEY) as stand,
        served(stand.service.http) as address,
        sync_playwright() as playwright,
    ):
        upstreams.map = told
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for name, width, height, scale in (("desktop", 1280, 800, 1), ("phone", 390, 844, 2)):
            page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
            page.goto(f"{address}/inspire#map")
            expect(page.get_by_test_id("map-canvas")).to_have_attribute("data-drawn", str(len(told.skus)))
            rows.append(_row(page, f"{name}, the whole"))
            for _ in range(5):
                page.get_by_role("button", name="Come nearer").click()
            rows.append(_row(page, f"{name}, 10 times nearer"))
            page.close()
        browser.close()
    return rows


def _row(page: Page, name: str) -> str:
    times = page.evaluate(DRAG, FRAMES)
    return f"| {name} | {_spread(times['draws'])} | {_spread(times['gaps'])} |"


def _spread(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.1f} | {statistics.quantiles(times, n=20)[-1]:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=50_000)
    pieces = parser.parse_args().pieces
    load = os.getloadavg()[0]
    vectors, styles = made_up(pieces)
    places, rows = laid_out(vectors)
    names = [f"PIECE-{number:06}" for number in range(pieces)]
    stored = len(pack(Held(names, names, places, vectors, np.zeros((512, AXES), dtype=np.float32), "model")))
    told = map_of(places, styles)
    frames = dragged(told)
    report = f"""# The map of a catalogue of {pieces:,} pieces

Made by `make bench-map` on {os.cpu_count()} cores; the load before it was {load:.1f}. Its pieces are made up.

| laid out | s | s of CPU | of what is alike, kept together |
| --- | --- | --- | --- |
{chr(10).join(rows)}

It is stored in {stored / 1e6:.1f} MB and told in {len(told.model_dump_json()) / 1e6:.1f} MB before gzip.

Dragged for {FRAMES} frames in Chromium without a GPU; 60 frames a second are 16.7 ms each.

| view | drawn in ms: p50 | p95 | from frame to frame, ms: p50 | p95 |
| --- | --- | --- | --- | --- |
{chr(10).join(frames)}
"""
    REPORT.write_text(report)
    print(report)


if __name__ == "__main__":
    main()
