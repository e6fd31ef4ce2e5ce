"""Whether a service is ready: all that it needs is asked at once, and nothing keeps the answer away."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shared.errors import Retryable
from shared.observability import readiness
from shared.observability.http import create_app
from shared.observability.readiness import Check


def asked(checks: Mapping[str, Check]) -> tuple[int, dict[str, Any]]:
    answer = TestClient(create_app("gateway", checks)).get("/readyz")
    return answer.status_code, answer.json()["parts"]


def test_parts_are_asked_side_by_side() -> None:
    together = threading.Barrier(3)

    def check() -> None:
        together.wait(5)

    status, parts = asked({"broker": check, "database": check, "shop bus": check})
    assert status == 200
    assert all(part["ok"] for part in parts.values())


def test_a_part_that_is_silent_is_told_after_its_time_and_others_are_what_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readiness, "_ANSWER_SECONDS", 0.1)
    ended = threading.Event()

    def silent() -> None:
        ended.wait(30)

    def away() -> None:
        raise Retryable("The broker is away. Start it.")

    try:
        status, parts = asked({"shop bus": silent, "broker": away, "database": lambda: None})
    finally:
        ended.set()
    assert status == 503
    assert {name: part["ok"] for name, part in parts.items()} == {"shop bus": False, "broker": False, "database": True}
    assert parts["shop bus"]["detail"].startswith("It did not answer within")
    assert parts["broker"]["detail"] == "The broker is away. Start it."


def test_a_fault_of_a_check_is_no_fault_of_the_answer() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    status, parts = asked({"broker": broken})
    assert status == 503
    assert "a fault of ours" in parts["broker"]["detail"]
