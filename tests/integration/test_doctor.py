"""What `loupe doctor` finds in services that are processes of their own, and in the gateway's metrics."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import pytest
from fastapi import Header
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from deploy.local.home import Home
from loupe import doctor
from shared.errors import Retryable
from shared.observability.http import create_app
from shared.observability.readiness import Check
from tests.support.upstreams import served


class Letters(Collector):
    def __init__(self, count: int) -> None:
        self._count = count

    def collect(self) -> list[GaugeMetricFamily]:
        return [GaugeMetricFamily("loupe_dead_letters", "Those that wait", value=self._count)]


def away() -> None:
    raise Retryable("The broker is away.")


def found(home: Path, **ports: int) -> dict[str, tuple[bool, str]]:
    findings = doctor.services_found(Home.at(home), {"ports": ports})
    return {finding.part: (finding.ok, finding.words) for finding in findings}


@pytest.mark.parametrize(
    ("check", "told"),
    [(lambda: None, (True, "answers")), (away, (False, "does not reach: broker"))],
    ids=["well", "ill"],
)
def test_each_service_is_asked_what_it_reaches(tmp_path: Path, check: Check, told: tuple[bool, str]) -> None:
    with served(create_app("indexer", {"broker": check, "index": lambda: None})) as address:
        assert found(tmp_path, indexer=urlsplit(address).port or 0) == {"indexer": told}


def test_a_service_that_hangs_is_named_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PATIENCE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as hangs:
        ok, words = found(tmp_path, gateway=1, indexer=hangs.getsockname()[1])["indexer"]
    assert not ok
    assert f"{tmp_path}/logs/indexer.log" in words


@pytest.mark.parametrize(("count", "ok"), [(0, True), (3, False)])
def test_dead_letters_are_told_with_the_command_that_shows_them(count: int, ok: bool) -> None:
    with served(create_app("gateway", {}, [Letters(count)])) as address:
        (finding,) = doctor.dead_letters_found(address)
    assert finding.ok is ok
    assert ("loupe dead-letters list" in finding.words) is not ok


def test_an_installation_elsewhere_is_asked_with_the_key_of_the_environment(tmp_path: Path) -> None:
    app = create_app("gateway", {})

    @app.get("/v1/status")
    def status(authorization: Annotated[str, Header()]) -> dict[str, object]:
        assert authorization == "Bearer lk_elsewhere"
        return {"items": 0, "images": {}, "outbox": 7, "queues": {}, "query_photo_days": 0}

    with served(app) as address:
        told = {one.part: one.words for one in doctor.examine(Home.at(tmp_path), address, "lk_elsewhere")}
        (without,) = doctor.examine(Home.at(tmp_path), address)
    assert told["outbox"] == "7 messages without an outcome yet"
    assert "LOUPE_API_KEY" in without.words
