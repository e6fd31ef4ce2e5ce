"""Imports over a gateway under test, with the loops that do them running in threads."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from services.gateway.imports.running import ImportRunner
from tests.support.gateway import Stand
from tests.support.waiting import until


class Silent:
    """A progress that nobody looks at."""

    def rows(self, done: int, total: int) -> None: ...

    def sent(self, pictures: int) -> None: ...

    def waiting(self, pictures: int) -> None: ...


@contextmanager
def importing(stand: Stand, loops: int = 2) -> Iterator[None]:
    """The gateway's own loops of imports run."""
    stop = threading.Event()
    owners = [getattr(loop, "__self__", None) for loop in stand.service.background]
    runners = [owner for owner in owners if isinstance(owner, ImportRunner)]
    threads = [threading.Thread(target=runner.run, args=(stop,)) for runner in runners[:loops]]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for runner in runners:
            runner.wake()  # else it is a second until it looks
        for thread in threads:
            thread.join()


def send(stand: Stand, content: bytes, name: str = "shop.csv", **options: str) -> str:
    """Begin an import; its id."""
    sent = stand.client.post("/v1/imports", files={"file": (name, content)}, data=options)
    assert sent.status_code == 202, sent.text
    body: Mapping[str, str] = sent.json()
    assert sent.headers["Location"] == body["status_url"] == f"/v1/imports/{body['import_id']}"
    return body["import_id"]


def status(stand: Stand, import_id: str) -> dict[str, Any]:
    body: dict[str, Any] = stand.client.get(f"/v1/imports/{import_id}").json()
    return body


def ended(stand: Stand, import_id: str, seconds: float = 180) -> dict[str, Any]:
    until(lambda: stand.parts.imports.get("shop", import_id).finished_at, "the import ended", seconds, every=0.1)
    return status(stand, import_id)


def imported(stand: Stand, content: bytes, name: str = "shop.csv", **options: str) -> dict[str, Any]:
    """Import it to its end."""
    return ended(stand, send(stand, content, name, **options))


def rows(stand: Stand, import_id: str, **asked: str) -> list[dict[str, Any]]:
    """All rows of an import, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = stand.client.get(f"/v1/imports/{import_id}/rows", params={"limit": "100", **asked, **cursor}).json()
        found += page["rows"]
        if "next_cursor" not in page:
            return found
        cursor = {"cursor": page["next_cursor"]}


def said(status: Mapping[str, Any]) -> dict[str, int]:
    """The outcomes of an import that are not zero; they add up to its rows."""
    names = ("imported", "updated", "unchanged", "rejected", "skipped")
    assert sum(status[name] for name in names) == status["rows"], status
    return {name: status[name] for name in names if status[name]}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def item(stand: Stand, sku: str) -> dict[str, Any]:
    """The item as the API shows it, or the problem."""
    body: dict[str, Any] = stand.client.get(f"/v1/items/{sku}").json()
    return body
