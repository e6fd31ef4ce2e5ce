"""A catalogue in the running local stack, and questions to it over HTTP."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from services.embedder.settings import Settings
from tests.support.stack import RunningStack
from tests.support.waiting import until

_INDEXED_SECONDS = 900


def imported(stack: RunningStack, rows: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Import a catalogue written to `file`, its pictures by whole paths, and wait until all of it is indexed."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = stack.loupe("import", str(file), "--pictures", "/")
    if done.returncode:
        raise SystemExit(f"The import of {file} failed: {done.stderr[-500:]}")
    with stack.api as api:
        settled(api)


def settled(api: httpx.Client) -> None:
    """Wait until every picture and every change of an item is in the index."""

    def done() -> bool:
        status = api.get("/v1/status").json()
        return (status["outbox"], status["images"]["stored"]) == (0, 0)

    until(done, "all of the catalogue is indexed", _INDEXED_SECONDS)


def ask(api: httpx.Client, query: Mapping[str, Any], photo: Path | None = None) -> Any:
    """The answer of `POST /v1/search`. Raises `httpx.HTTPStatusError` when it is refused."""
    if photo is None:
        answer = api.post("/v1/search", json=query)
    else:
        image = (photo.name, photo.read_bytes(), "image/jpeg")
        answer = api.post("/v1/search", files={"image": image}, data={"query": json.dumps(query)})
    answer.raise_for_status()
    return answer.json()


def listed(found: Any) -> list[str]:
    """The SKUs of an answer, those of its suggestions where nothing matched."""
    return [one["sku"] for one in found["results"] or found["suggestions"]]


def made_by(target: str, started_load: float) -> str:
    """What a report says of the model and the machine; loads are means of the last minute."""
    model = Path(Settings(broker_url="", object_store_url="").model_dirs[0]).name
    return (
        f"Made by `make {target}` with the model {model}, on {os.cpu_count()} cores. The load, this command's own "
        f"included, was {started_load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end."
    )
