"""What it costs to decode in child processes: the embedder's pictures/s with them and without, in one run.

`python -m bench.decoding` takes turns, round by round, on the evaluation renders as JPEGs of 1024 pixels a side, prints
the figures and writes them to bench/reports/decoding.md.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from bench.embedder import RENDERS, SIDE
from services.embedder.analyse import Analyse
from services.embedder.decoding import Decoders
from services.embedder.main import load_models
from services.embedder.settings import Settings
from services.gateway.multipart import Upload
from services.gateway.pictures import Inspector

REPORT = Path(__file__).parent / "reports" / "decoding.md"
PICTURES = 16
ROUNDS = 5
HEADERS = 300


def pictures(kind: str) -> list[bytes]:
    """The renders in a format."""
    made = []
    for path in sorted(RENDERS.iterdir())[:PICTURES]:
        with Image.open(path) as opened:
            out = io.BytesIO()
            opened.convert("RGB").resize((SIDE, SIDE)).save(out, kind)
            made.append(out.getvalue())
    return made


def rate(analyse: Analyse, of: Sequence[bytes], threads: int) -> float:
    """Pictures a second."""
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda data: analyse(data, "ingest"), of))
    return len(of) / (time.perf_counter() - started)


def header_ms(inspect: Inspector, data: bytes) -> float:
    """Of one header, the middle of many."""
    seconds = []
    for _ in range(HEADERS):
        with (upload := Upload.of(data)).file:
            started = time.perf_counter()
            inspect(upload)
            seconds.append(time.perf_counter() - started)
    return 1_000 * statistics.median(seconds)


def main() -> None:
    settings = Settings(broker_url="", object_store_url="")
    decoders = Decoders(settings.limits_decoding, settings.threads)
    inspect = Inspector(settings.decode_seconds)
    (here,), (children,) = load_models(settings), load_models(settings, decoders)
    lines = ["# Decoding in child processes", "", "`make bench-decoding` prints this again.", ""]
    lines += ["| pictures | in the worker | in children | ratio of the medians |", "| --- | ---: | ---: | ---: |"]
    jpegs = pictures("JPEG")
    for kind, data in (("JPEG", jpegs), ("PNG", pictures("PNG"))):
        for warm in (here, children):
            rate(warm, data[:8], settings.worker_threads)
        turns = [[rate(one, data, settings.worker_threads) for one in (here, children)] for _ in range(ROUNDS)]
        one, other = (statistics.median(column) for column in zip(*turns, strict=True))
        lines.append(f"| {kind} of {SIDE} x {SIDE} | {one:.1f}/s | {other:.1f}/s | {other / one:.2f} |")
    webp = pictures("WEBP")[0]
    lines += ["", f"A header in the gateway: {header_ms(inspect, jpegs[0]):.2f} ms of a JPEG, read in the process; "]
    lines[-1] += f"{header_ms(inspect, webp):.2f} ms of a WebP, read in a child."
    for made in (here, children, decoders, inspect):
        made.close()
    told = "\n".join(lines) + "\n"
    REPORT.write_text(told)
    print(told)


if __name__ == "__main__":
    main()
