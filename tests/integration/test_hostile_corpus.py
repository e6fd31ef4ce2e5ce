"""Hostile input of every kind: answered by the documented problem, nothing of it kept or logged, everybody alive."""

from __future__ import annotations

import csv
import ctypes
import gc
import io
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
import pytest
from starlette.testclient import TestClient

from services.embedder import main as embedder_main
from services.embedder.settings import Settings as EmbedderSettings
from shared import messaging
from shared.contracts.api import Problem
from shared.contracts.messages import ImageAnalysed, ImageRejected, ImageStored
from shared.messaging.broker import holding
from shared.service import Service
from tests.support.gateway import NOBODY, Stand, running_gateway
from tests.support.hostile import bombs, imports, pictures, requests
from tests.support.importing import importing, rows, send, status
from tests.support.small_model import small_model
from tests.support.upstreams import Upstreams, served
from tests.support.waiting import until

MAX_QUERY = 5_000_000
"""Larger ones are not sent as queries, too: they take the time that a header may."""
MAX_GROWTH = 250_000_000
"""Bytes that a process may keep after all of it, beyond what it has after a first good picture."""
MARKS = (b"<script", b"/etc/passwd", b"cmd|", b"\\ud800", b"\\x1b[31m", b"X-Evil")
PICTURES = (
    *(pictures.impostors, pictures.stumps, pictures.damaged, pictures.polyglots),
    *(bombs.sides, bombs.deflated, bombs.endless, bombs.exif),
)
REQUESTS = (requests.bodies, requests.names, requests.headers, requests.forms)
IMPORTS = (imports.zips, imports.tables)


@dataclass
class Both:
    """A gateway that asks an embedder, whose messages are handed over by hand."""

    gateway: Stand
    embedder: Service

    def outcome(self, message: ImageStored) -> ImageRejected | ImageAnalysed:
        with holding() as told:
            self.embedder.handlers[ImageStored](message)
        (outcome,) = told
        assert isinstance(outcome, ImageRejected | ImageAnalysed)
        return outcome

    def memory(self) -> int:
        """Of this process, which is both services, and the largest of their children."""
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # what is free is no leak
        here = psutil.Process(os.getpid())
        children = [child.memory_info().rss for child in here.children(recursive=True)]
        return int(here.memory_info().rss) + max(children, default=0)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("hostile")
    settings = EmbedderSettings(
        broker_url=NOBODY,
        object_store_url=f"file://{folder}/objects",
        model_dirs=[small_model(folder / "model")],
        threads=1,
        decode_seconds=1.0,
        decode_memory_mb=400,
    )
    broker = messaging.open(NOBODY, "embedder")
    embedder = embedder_main.build(settings, broker)
    with served(embedder.http) as address:
        upstreams = Upstreams(embedder_url=address)
        with running_gateway(folder, upstreams, header_seconds=0.5) as gateway:
            gateway.put_item("RING-1")
            yield Both(gateway, embedder)
    embedder.close()
    broker.close()


@pytest.fixture
def flat(both: Both, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Memory is after the test what it was before, both live, and none of the input is in a log."""
    good_picture(both)
    before = both.memory()
    yield
    good_picture(both)
    assert both.memory() - before < MAX_GROWTH
    logged = "".join(capfd.readouterr()).encode()
    assert [mark for mark in MARKS if mark in logged] == []


def good_picture(both: Both) -> None:
    answer = both.gateway.client.post("/v1/classify", files={"image": ("a.jpg", pictures.good("JPEG"), "image/jpeg")})
    assert answer.status_code == 200, answer.text


def problem(answer: object, status_: int, correlation_id: str) -> Problem:
    told = Problem.model_validate(answer)
    assert (told.status, told.correlation_id) == (status_, correlation_id)
    assert len(told.detail) < 2_000
    return told


@pytest.mark.usefixtures("flat")
def test_every_hostile_picture_is_refused_in_words_as_an_upload_and_as_a_query(both: Both) -> None:
    client = both.gateway.client
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    for name, data, expected in chain.from_iterable(make() for make in PICTURES):
        waiting = len(both.gateway.waiting())
        answers = [client.post("/v1/items/RING-1/images", files={"file": ("../../evil.jpg", data, "image/jpeg")})]
        if len(data) < MAX_QUERY:
            answers.append(client.post("/v1/classify", files={"image": ("<script>.jpg", data, "image/jpeg")}))
        told = [told_of(answer) for answer in answers if answer.status_code not in (200, 202)]
        new = [message for message in both.gateway.waiting()[waiting:] if isinstance(message, ImageStored)]
        if new:
            outcome = both.outcome(new[0])
            image = str(new[0].image_id)
            got = f"then {outcome.code}" if isinstance(outcome, ImageRejected) else "taken"
            if got == "taken":
                served_as = client.get(f"/v1/images/{image}/content").headers
                assert served_as["content-type"].startswith("image/")
                assert served_as["x-content-type-options"] == "nosniff"
                assert "sandbox" in served_as["content-security-policy"]
            else:
                told = [f"then {each.partition(' ')[2]}" for each in told]
            client.delete(f"/v1/images/{image}")
        else:
            got = told[0]
        if got != expected or set(told) - {expected}:
            wrong.append(f"{name}: {expected}, but {got} as an upload, and {told}")
        counts[expected] += 1
    assert wrong == [], "\n".join(wrong)
    assert counts.total() - counts["taken"] >= 140


def encoded(headers: Mapping[str, str | bytes]) -> dict[bytes, bytes]:
    return {name.encode(): value if isinstance(value, bytes) else value.encode() for name, value in headers.items()}


def finished(gateway: Stand, import_id: str) -> bool:
    return gateway.parts.imports.get("shop", import_id).finished_at is not None


def told_of(answer: Any) -> str:
    told = problem(answer.json(), answer.status_code, answer.headers["x-request-id"])
    return f"{told.status} {told.type.rpartition(':')[2]}"


@pytest.mark.usefixtures("flat")
def test_every_hostile_request_is_refused_by_a_problem_document_and_changes_nothing(both: Both) -> None:
    client: TestClient = both.gateway.client
    before = client.get("/v1/items/RING-1").json(), len(client.get("/v1/items").json()["items"])
    wrong: list[str] = []
    count = 0
    for one in chain.from_iterable(make() for make in REQUESTS):
        answer = client.request(one.method, one.path, content=one.content, headers=encoded(one.headers))
        if answer.status_code not in one.status:
            wrong.append(f"{one.name}: {answer.status_code} {answer.text[:200]}")
        elif answer.headers["content-type"] != "application/problem+json":
            wrong.append(f"{one.name}: {answer.headers['content-type']}")
        else:
            problem(answer.json(), answer.status_code, answer.headers["x-request-id"])
        count += 1
    assert wrong == [], "\n".join(wrong)
    assert count >= 140
    assert (client.get("/v1/items/RING-1").json(), len(client.get("/v1/items").json()["items"])) == before


@pytest.mark.usefixtures("flat")
def test_every_hostile_import_fails_or_has_its_rows_rejected_and_its_errors_file_runs_nothing(both: Both) -> None:
    gateway = both.gateway
    wrong: list[str] = []
    stored = gateway.pictures()
    with importing(gateway):
        for name, data, expected in chain.from_iterable(make() for make in IMPORTS):
            made = send(gateway, data, "../../evil.csv")
            until(partial(finished, gateway, made), f"{name} ended")
            ended = status(gateway, made)
            found = rows(gateway, made)
            outcomes = {row["outcome"] for row in found} or {ended["state"]}
            if expected == "refused":
                fits = ended["pictures"]["refused"] + ended["pictures"]["not_fetched"] == 1
            else:
                fits = outcomes == {expected} or (expected == "any" and outcomes <= {"failed", "rejected", "skipped"})
            if not fits:
                wrong.append(f"{name}: {expected}, but {ended} {found[:2]}")
            errors = csv.reader(io.StringIO(gateway.client.get(f"/v1/imports/{made}/errors.csv").text))
            assert not [cell for line in errors for cell in line if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert wrong == [], "\n".join(wrong)
    assert gateway.pictures() == stored
    assert not list(Path("/").glob("evil*"))


@pytest.mark.parametrize("given", ["a\r\nX-Evil: 1", "<script>", "x" * 10_000, "../..", "é"])
def test_a_request_id_that_is_none_is_replaced(both: Both, given: str) -> None:
    answer = both.gateway.client.get("/v1/items/RING-1", headers={b"X-Request-ID": given.encode()})
    assert answer.status_code == 200
    assert len(answer.headers["x-request-id"]) == 32
    assert "x-evil" not in answer.headers
