"""Checks each part of an installation and says what to do."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from deploy.local.home import Home
from loupe.client import Client
from shared import messaging
from shared.errors import LoupeError

_ENOUGH_BYTES = 1_000_000_000
_LATE_SECONDS = 60.0
_PATIENCE_SECONDS = 15.0
"""Longer than a service waits for its broker and its stores."""


@dataclass(frozen=True)
class Finding:
    """`words` say what was found, and what to do when it is not ok."""

    part: str
    ok: bool
    words: str


def examine(home: Home, url: str | None, key: str | None = None) -> list[Finding]:
    """Every part of the stack over `home`; of one elsewhere, at `url`, what its gateway says to who has the `key`."""
    if url:
        return list(_gateway(home, url, key))
    return [*_disk(home), *_local(home)]


def _disk(home: Home) -> Iterator[Finding]:
    free = shutil.disk_usage(home.path).free
    words = f"{free / 1e9:.1f} GB free at {home.path}"
    if free < _ENOUGH_BYTES:
        words += ". Make room: at less than 1 GB uploads and the broker may soon fail."
    yield Finding("disk", free >= _ENOUGH_BYTES, words)


def _local(home: Home) -> Iterator[Finding]:
    try:
        running = home.running()
    except LoupeError as error:
        yield Finding("stack", False, error.detail)
        return
    if not _lives(running["pid"]):
        yield Finding("stack", False, f"not running over {home.path}. Start it with `make run` or `loupe up`.")
        return
    yield Finding("stack", True, f"process {running['pid']} supervises it")
    broker = messaging.open(running["broker_url"], "doctor")
    try:
        broker.ping()
        yield Finding("broker", True, "answers")
    except LoupeError as error:
        yield Finding(
            "broker",
            False,
            f"{error.detail} The stack starts a dead broker again by itself within seconds; if it stays away, "
            f"{home.path}/logs/broker.log says why, and Ctrl-C and `make run` start everything anew.",
        )
    finally:
        broker.close()
    yield from services_found(home, running)
    yield from _gateway(home, running["address"])


def services_found(home: Home, running: dict[str, Any]) -> Iterator[Finding]:
    """Each service that is a process of its own, but the gateway."""
    for name, port in running.get("ports", {}).items():
        if name == "gateway":
            continue
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=_PATIENCE_SECONDS)
            away = [part for part, health in answer.json()["parts"].items() if not health["ok"]]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            yield Finding(
                name,
                False,
                f"does not answer ({type(error).__name__}). The stack starts a dead one again by itself; one that "
                f"hangs, end it: {home.path}/logs/{name}.log says more.",
            )
            continue
        yield Finding(name, not away, f"does not reach: {', '.join(away)}" if away else "answers")


def _gateway(home: Home, address: str, key: str | None = None) -> Iterator[Finding]:
    if not key and home.api_key_file.exists():
        key = home.api_key_file.read_text().strip()
    if not key:
        yield Finding("gateway", False, f"No API key for {address}: set LOUPE_API_KEY to one of its shops' keys.")
        return
    client = Client(address, key, patience=0)
    try:
        readiness = client.readiness()
        yield Finding("gateway", True, f"answers at {address}")
        for part, health in readiness.parts.items():
            yield Finding(f"gateway to {part}", health.ok, health.detail or "answers")
        status = client.status()
        for queue, depth in status.queues.items():
            age = float(depth["oldest_seconds"] or 0)
            words = f"{depth['waiting']} waiting" + (f", the oldest for {age:.0f} s" if depth["waiting"] else "")
            if age > _LATE_SECONDS:
                words += f". Nobody, or too few, work on it: see the log of the {queue}."
            yield Finding(f"queue {queue}", age <= _LATE_SECONDS, words)
        yield Finding("outbox", True, f"{status.outbox} messages without an outcome yet")
        yield from dead_letters_found(address)
    except LoupeError as error:
        yield Finding("gateway", False, error.detail)
    finally:
        client.close()


def dead_letters_found(address: str) -> Iterator[Finding]:
    """As the gateway counts them; nothing of one whose metrics a proxy keeps inside."""
    try:
        told = httpx.get(f"{address}/metrics", timeout=_PATIENCE_SECONDS).text
    except httpx.HTTPError:
        return
    if found := re.search(r"^loupe_dead_letters ([\d.e+]+)$", told, re.MULTILINE):
        count = int(float(found[1]))
        words = "none" if not count else f"{count} wait for somebody: see `loupe dead-letters list`"
        yield Finding("dead letters", not count, words)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
