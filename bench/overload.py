"""Searches by photo while 10,000 uploads wait, and what the gateway does beyond its bound.

`python -m bench.overload [--uploads N] [--searches N]`. Prints, and writes to bench/reports/overload.md for a whole
run: how long searches take with nothing to do and with the queue full, what is answered beyond the bound, and how much
memory the gateway's process took at most.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from bench.search_stack import made_by, settled
from tests.support.pictures import drawing
from tests.support.stack import RunningStack

REPORT = Path(__file__).parent / "reports" / "overload.md"
_SIDE = 96
_BATCH = 32
_SENDERS = 4
_ITEMS = 500
_QUERIES_FROM = 10_000_000
_MB = 1e6


@dataclass
class Figures:
    """Times in ms, memory in MB. `answers` beyond the bound by status, `retry_after` what they said, in seconds."""

    uploads: int
    idle: list[float] = field(default_factory=list)
    queued: list[float] = field(default_factory=list)
    waiting: tuple[int, int] = (0, 0)
    answers: Counter[int] = field(default_factory=Counter)
    retry_after: list[int] = field(default_factory=list)
    memory_before: float = 0.0
    memory_most: float = 0.0

    def text(self, made: str) -> str:
        waits = sorted(self.retry_after)
        memory = f"{self.memory_before:.0f} MB before, {self.memory_most:.0f} MB at most"
        rows = {
            "search by photo, nothing waits": _times(self.idle),
            f"search by photo, {self.waiting[0]:,} to {self.waiting[1]:,} uploads wait": _times(self.queued),
            "**p50 queued / p50 idle**": f"**{_p(self.queued, 50) / _p(self.idle, 50):.2f}**",
            "answers beyond the bound": ", ".join(f"{n} of {status}" for status, n in sorted(self.answers.items())),
            "their Retry-After": f"{waits[0]} to {waits[-1]} s" if waits else "none",
            "memory of gateway, indexer and recommender": memory,
        }
        table = "\n".join(f"| {what} | {figure} |" for what, figure in rows.items())
        return (
            f"# Overload\n\n{made}\n{self.uploads:,} pictures of {_SIDE} pixels were sent in batches of {_BATCH} by "
            f"{_SENDERS} connections, to a gateway whose bound (`GATEWAY_BACKLOG_LIMIT`) they reach.\n\n"
            f"| what | figure |\n| --- | --- |\n{table}\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--uploads", type=int, default=10_000)
    parser.add_argument("--searches", type=int, default=60)
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), asked.uploads, asked.searches)
    text = figures.text(made_by("bench-overload", load))
    print(text)
    if asked.uploads == parser.get_default("uploads"):
        REPORT.write_text(text)


def measure(folder: Path, uploads: int, searches: int) -> Figures:
    figures = Figures(uploads)
    stack = RunningStack(folder / "home", settings={"GATEWAY_BACKLOG_LIMIT": str(uploads)})
    try:
        with stack.api as api:
            items = [{"sku": _sku(number), "title": f"Drawn {number}"} for number in range(_ITEMS)]
            api.post("/v1/items:batch", json={"items": items}).raise_for_status()
            send(api, itertools.count(_QUERIES_FROM - 320), 320, figures.answers)
            settled(api)
            numbers = itertools.count(_QUERIES_FROM)
            search(api, numbers, 10)
            figures.idle = search(api, numbers, searches)
            figures.answers.clear()
            with watched_memory(stack, figures):
                fill(stack, figures)
                before = waiting(api)
                figures.queued = search(api, numbers, searches)
                figures.waiting = (waiting(api), before)
    finally:
        stack.kill()
    return figures


def fill(stack: RunningStack, figures: Figures) -> None:
    """Send until as many wait as the bound allows, and twenty batches more."""
    numbers = itertools.count(0)
    stop = threading.Event()

    def keep_sending() -> None:
        with stack.api as api:
            while not stop.is_set():
                send(api, numbers, _BATCH, figures.answers, figures.retry_after)
                if figures.answers[503] >= 20:
                    stop.set()

    with ThreadPoolExecutor(_SENDERS) as pool:
        for sending in [pool.submit(keep_sending) for _ in range(_SENDERS)]:
            sending.result()


def send(
    api: httpx.Client, numbers: Iterator[int], count: int, answers: Counter[int], waits: list[int] | None = None
) -> None:
    for _ in range(0, count, _BATCH):
        chosen = [next(numbers) for _ in range(_BATCH)]
        files = [("file", ("a.jpg", drawing(number, _SIDE), "image/jpeg")) for number in chosen]
        answer = api.post("/v1/images:batch", files=files, data={"skus": json.dumps([_sku(n) for n in chosen])})
        answers[answer.status_code] += 1
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and waits is not None:
            waits.append(int(answer.headers["Retry-After"]))


def _sku(number: int) -> str:
    return f"DRAWN-{number % _ITEMS}"


def search(api: httpx.Client, numbers: Iterator[int], count: int) -> list[float]:
    """ms of each search by a photo that nobody asked with before."""
    took = []
    for _ in range(count):
        photo = drawing(next(numbers))
        started = time.perf_counter()
        api.post("/v1/search", files={"image": ("a.jpg", photo, "image/jpeg")}).raise_for_status()
        took.append((time.perf_counter() - started) * 1e3)
    return took


def waiting(api: httpx.Client) -> int:
    return int(api.get("/v1/status").json()["outbox"])


@contextmanager
def watched_memory(stack: RunningStack, figures: Figures) -> Iterator[None]:
    (process,) = stack.children("backend")
    figures.memory_before = figures.memory_most = process.memory_info().rss / _MB
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            figures.memory_most = max(figures.memory_most, process.memory_info().rss / _MB)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _times(took: list[float]) -> str:
    return f"p50 {_p(took, 50):.0f} ms, p95 {_p(took, 95):.0f} ms ({len(took)} searches)"


def _p(took: list[float], percent: float) -> float:
    return float(np.percentile(took, percent))


if __name__ == "__main__":
    main()
