"""Pictures on their way in and out of the running stack."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.search_stack import imported, settled
from bench.suite.closed_loop import cpu_seconds
from services.embedder.main import load_models
from services.embedder.settings import Settings
from shared.errors import Permanent
from tests.support.stack import RunningStack
from tests.support.waiting import until

PICTURES = "PIC"
_WARM_UP = 32
_CLIENTS = 4
_BATCH = 16
_PRICE_ABOVE = 2_000_000.0
_STAGES = ("loupe_message_seconds", "loupe_embedder_forward_seconds", "loupe_http_request_seconds")


@dataclass(frozen=True)
class Ingested:
    """`rate` pictures/s from the first upload to the last in the index; `alone` of the embedder, before and after.

    `cpu` s of all processes a picture, `kept` bytes on disk a picture by part, `stages` s of work a picture.
    """

    pictures: int
    rate: float
    alone: tuple[float, float]
    cpu: float
    kept: dict[str, float]
    stages: dict[str, float]


def ingested(stack: RunningStack, photographs: Sequence[Path], folder: Path) -> Ingested:
    before = _alone(photographs)
    rows = [
        {"sku": f"{PICTURES}-{number:05}", "title": f"Piece {number}", "images": str(photograph)}
        for number, photograph in enumerate(photographs)
    ]
    kept, stages, used, started = _kept(stack.home), _stages(stack), cpu_seconds(stack), time.perf_counter()
    imported(stack, rows, folder / "catalogue.csv")
    took = time.perf_counter() - started
    count = len(photographs)
    grown = {part: (size - kept.get(part, 0)) / count for part, size in _kept(stack.home).items()}
    after = {name: (seconds - stages.get(name, 0.0)) / count for name, seconds in _stages(stack).items()}
    cpu = (cpu_seconds(stack) - used) / count
    return Ingested(count, count / took, (before, _alone(photographs)), cpu, grown, after)


def accepted(stack: RunningStack, photographs: Sequence[Path], *, together: bool) -> float:
    """Uploads/s that are answered for, by four clients: one by one, or `together` in batches of 16."""
    size = _BATCH if together else 1
    bundles = [photographs[start : start + size] for start in range(0, len(photographs), size)]

    def send(mine: Sequence[Sequence[Path]]) -> None:
        with stack.api as api:
            for bundle in mine:
                _send(api, bundle, together=together)

    started = time.perf_counter()
    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(send, [bundles[client::_CLIENTS] for client in range(_CLIENTS)]))
    rate = len(photographs) / (time.perf_counter() - started)
    with stack.api as api:
        settled(api)
    return rate


def _send(api: httpx.Client, photographs: Sequence[Path], *, together: bool) -> None:
    files = [("file", (photograph.name, photograph.read_bytes(), "image/jpeg")) for photograph in photographs]
    if together:
        skus = ",".join(f'"{PICTURES}-00000"' for _ in photographs)
        api.post("/v1/images:batch", files=files, data={"skus": f"[{skus}]"}).raise_for_status()
    else:
        api.post(f"/v1/items/{PICTURES}-00000/images", files=files).raise_for_status()


def in_and_out(stack: RunningStack, photographs: Sequence[Path]) -> tuple[list[float], list[float]]:
    """ms from an upload's start until its picture is in searches, and from a removal's until its item is in none."""
    appeared, went = [], []
    with stack.api as api:
        for number, photograph in enumerate(photographs):
            sku, price = f"NEW-{number:05}", _PRICE_ABOVE + number
            api.put(f"/v1/items/{sku}", json={"title": "New", "price": price, "currency": "EUR"}).raise_for_status()
            settled(api)
            within = {"filters": {"price_min": price, "price_max": price}}
            started = time.perf_counter()
            _send_to(api, sku, photograph)
            until(lambda asked=within: _found(api, asked), "it is found", every=0.005)  # type: ignore[misc]
            appeared.append((time.perf_counter() - started) * 1e3)
            started = time.perf_counter()
            api.delete(f"/v1/items/{sku}").raise_for_status()
            until(lambda asked=within: not _found(api, asked), "it is gone", every=0.005)  # type: ignore[misc]
            went.append((time.perf_counter() - started) * 1e3)
    return appeared, went


def _send_to(api: httpx.Client, sku: str, photograph: Path) -> None:
    files = {"file": (photograph.name, photograph.read_bytes(), "image/jpeg")}
    api.post(f"/v1/items/{sku}/images", files=files).raise_for_status()


def _found(api: httpx.Client, asked: dict[str, dict[str, float]]) -> bool:
    return bool(api.post("/v1/search", json=asked).raise_for_status().json()["results"])


def _kept(home: Path) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for path in home.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file():
                part = path.relative_to(home).parts[0]
                sizes[part] = sizes.get(part, 0.0) + path.stat().st_blocks * 512
    return sizes


def _stages(stack: RunningStack) -> dict[str, float]:
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(stack.metrics()):
        if family.name in _STAGES:
            for sample in family.samples:
                if sample.name.endswith("_sum"):
                    of = " ".join(value for name, value in sample.labels.items() if name != "status")
                    sums[f"{family.name}: {of}"] = sample.value
    return sums


def _alone(photographs: Sequence[Path]) -> float:
    """Pictures/s of the embedder's own work, in a process of its own with as many threads as its worker has."""
    command = [sys.executable, "-m", "bench.suite.flow", *map(str, photographs[:400])]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def _alone_here(photographs: Sequence[Path]) -> float:
    settings = Settings(broker_url="", object_store_url="")
    (analyse,) = load_models(settings)

    def one(photograph: Path) -> None:
        with suppress(Permanent):
            analyse(photograph.read_bytes(), "ingest").model_dump_json()

    with ThreadPoolExecutor(settings.worker_threads) as pool:
        list(pool.map(one, photographs[:_WARM_UP]))
        started = time.perf_counter()
        list(pool.map(one, photographs))
        return len(photographs) / (time.perf_counter() - started)


if __name__ == "__main__":
    print(_alone_here([Path(name) for name in sys.argv[1:]]))
