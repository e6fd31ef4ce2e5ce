"""An hour at 70% of what the stack can do: `make soak`, or `python -m bench.soak --minutes 2` for a look.

Arrivals are by chance (Poisson) and do not wait for answers; a time is counted from when its request was due, so that
a stall is not hidden by the requests that it holds up. Prints what grew, and writes bench/reports/soak.md and soak.png.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx
import numpy as np

from bench.search_stack import imported, made_by
from bench.soak_report import Sample, plot, text
from bench.suite.__main__ import photographs
from bench.suite.closed_loop import closed_loop, memory
from bench.suite.flow import PICTURES
from tests.support.stack import RunningStack

REPORT = Path(__file__).parent / "reports" / "soak.md"
LOAD, SAMPLE_SECONDS = 0.7, 15.0
_CATALOGUE, _PHOTOS = 500, 3_000
_CAPACITY_SECONDS, _CAPACITY_CLIENTS = 30.0, 8
_AT_ONCE = 64


@dataclass
class Mix:
    """What a shop's page asks, of each hundred: 40 photos seen before, 15 new ones, 15 times words, 20 lists of
    suggestions, 5 events, 5 new pictures, each of which replaces the one before of its item."""

    photos: Sequence[Path]
    rows: Sequence[Path]

    def __call__(self, api: httpx.Client, number: int) -> httpx.Response:
        turn, sku = number % 20, f"{PICTURES}-{number % len(self.rows):05}"
        if turn < 8:
            return _search(api, self.rows[number % 10])
        if turn < 11:
            return _search(api, self.photos[number % len(self.photos)])
        if turn < 14:
            return api.post("/v1/search", json={"words": f"silver ring under {1000 + number}"})
        if turn < 18:
            return api.get(f"/v1/users/soak-{number % 100}/suggestions")
        if turn < 19:
            at = datetime.now(UTC).isoformat()
            event = {"id": uuid4().hex, "type": "clicked", "user_id": f"soak-{number % 100}", "sku": sku, "at": at}
            return api.post("/v1/events", json={"events": [event]})
        return self._replace(api, sku, self.photos[number % len(self.photos)])

    def _replace(self, api: httpx.Client, sku: str, photo: Path) -> httpx.Response:
        before = api.get(f"/v1/items/{sku}").raise_for_status().json()["images"]
        files = {"file": (photo.name, photo.read_bytes(), "image/jpeg")}
        answer = api.post(f"/v1/items/{sku}/images", files=files)
        for image in before if answer.is_success else []:
            if image["image_id"] != answer.json()["image_id"]:
                api.delete(f"/v1/images/{image['image_id']}").raise_for_status()
        return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes = parser.parse_args().minutes
    load = os.getloadavg()[0]
    with TemporaryDirectory() as name:
        folder = Path(name)
        pictures = photographs(_CATALOGUE + _PHOTOS, folder)
        stack = RunningStack(folder / "home")
        try:
            rate, samples = soaked(stack, pictures, minutes, folder)
        finally:
            stack.stop()
    told = text(samples, rate, minutes, made_by("soak", load))
    print(told)
    if minutes == parser.get_default("minutes"):
        REPORT.write_text(told)
        plot(samples, REPORT.with_suffix(".png"))


def soaked(
    stack: RunningStack, pictures: Sequence[Path], minutes: float, folder: Path
) -> tuple[float, Sequence[Sample]]:
    """Requests/s that were made, and what was seen of them."""
    rows, photos = pictures[:_CATALOGUE], pictures[_CATALOGUE:]
    told = [
        {"sku": f"{PICTURES}-{number:05}", "title": f"Piece {number}", "images": str(picture)}
        for number, picture in enumerate(rows)
    ]
    imported(stack, told, folder / "catalogue.csv")
    mix = Mix(photos, rows)
    rate = LOAD * closed_loop(stack, _CAPACITY_CLIENTS, _CAPACITY_SECONDS, mix).rate
    print(f"{rate:.1f} requests/s", flush=True)
    return rate, _keep_asking(stack, mix, rate, minutes * 60)


def _keep_asking(stack: RunningStack, mix: Mix, rate: float, seconds: float) -> Sequence[Sample]:
    gaps = np.random.default_rng(5)
    lock, times, refused, failed = threading.Lock(), list[float](), [0], [0]
    samples: list[Sample] = []
    limits = httpx.Limits(max_connections=_AT_ONCE)
    started = time.perf_counter()
    with (
        httpx.Client(
            base_url=stack.address, headers={"Authorization": f"Bearer {stack.key}"}, timeout=60, limits=limits
        ) as api,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):

        def one(number: int, due: float) -> None:
            status = _status(mix, api, number)
            with lock:
                times.append((time.perf_counter() - due) * 1e3)
                refused[0] += status == httpx.codes.SERVICE_UNAVAILABLE
                failed[0] += status is None or (status >= 400 and status != httpx.codes.SERVICE_UNAVAILABLE)

        number, due, sample_at = 0, started, started + SAMPLE_SECONDS
        while due < started + seconds:
            time.sleep(max(0.0, due - time.perf_counter()))
            pool.submit(one, number, due)
            number, due = number + 1, due + float(gaps.exponential(1 / rate))
            if due > sample_at:
                sample_at += SAMPLE_SECONDS
                with lock:
                    window, times[:] = list(times), []
                    gone = (refused[0], failed[0])
                samples.append(_sample(stack, time.perf_counter() - started, window, gone))
    return samples


def _status(mix: Mix, api: httpx.Client, number: int) -> int | None:
    try:
        return mix(api, number).status_code
    except httpx.HTTPError:
        return None


def _sample(stack: RunningStack, at: float, window: Sequence[float], gone: tuple[int, int]) -> Sample:
    processes = stack.children("")
    p50, p99 = np.quantile(window, [0.5, 0.99]) if window else (float("nan"), float("nan"))
    return Sample(
        minutes=at / 60,
        memory=sum(memory(stack).values()),
        files=sum(process.num_fds() for process in processes),
        connections=sum(len(process.net_connections("tcp")) for process in processes),
        threads=sum(process.num_threads() for process in processes),
        p50=float(p50),
        p99=float(p99),
        answers=len(window),
        refused=gone[0],
        failed=gone[1],
    )


def _search(api: httpx.Client, photo: Path) -> httpx.Response:
    return api.post("/v1/search", files={"image": (photo.name, photo.read_bytes(), "image/jpeg")})


if __name__ == "__main__":
    main()
