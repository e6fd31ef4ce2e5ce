"""Children that open what came from outside: each limit ends the child alone, and the next input finds another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest

from shared.errors import LoupeError, Retryable, TooHeavyPicture, UnreadablePicture, UnsupportedPicture
from shared.sandbox.pool import Limits, Sandbox
from tests.support.waiting import until

WORK = "tests.support.sandboxed:work"
ended: list[str] = []


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(WORK, Limits(cpu_seconds=0.3, seconds=4, memory_bytes=300_000_000), 1, observe=ended.append)
    yield made
    made.close()


def test_a_child_is_used_again_and_tells_what_was_made(sandbox: Sandbox) -> None:
    first, made = sandbox(b"\0\xff" * 1_000_000, {"box": None})
    again, _ = sandbox(b"", {"box": [0, 1]})
    assert made == b"\0\xff" * 1_000_000
    assert first["pid"] == again["pid"]
    assert again["box"] == [0, 1]


def test_a_child_has_none_of_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of ours")
    told, _ = sandbox(b"", {})
    assert not {"SECRET", "HOME"} & set(told["environment"])


@pytest.mark.parametrize(
    ("data", "error", "words", "observed"),
    [
        (b"burn", TooHeavyPicture, "0.3 seconds of a processor", "time"),
        (b"sleep", TooHeavyPicture, "more than 4 seconds", "time"),
        (b"eat", TooHeavyPicture, "more than 300 MB", "memory"),
        (b"crash", UnreadablePicture, "ends the program that reads it", "crash"),
        (b"killed", Retryable, "ended from outside", None),
        (b"refuse", UnsupportedPicture, "It is none.", None),
        (b"fail", RuntimeError, "KeyError in sandboxed.py", None),
        (b"write", RuntimeError, "OSError", None),
    ],
)
def test_what_ends_a_child_is_told_and_the_next_input_is_served(
    sandbox: Sandbox, data: bytes, error: type[Exception], words: str, observed: str | None
) -> None:
    ended.clear()
    with pytest.raises(error) as told:
        sandbox(data, {})
    assert words in (told.value.detail if isinstance(told.value, LoupeError) else str(told.value))
    assert "secret" not in str(told.value)
    assert ended == ([observed] if observed else [])
    assert sandbox(b"good", {})[1] == b"good"


def test_a_child_that_died_while_it_waited_is_not_noticed(sandbox: Sandbox) -> None:
    sandbox(b"", {})
    (pid,) = sandbox.pids()
    psutil.Process(pid).kill()
    until(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE, "it died")
    assert sandbox(b"good", {})[1] == b"good"


def test_who_goes_first_does_not_wait_for_the_others() -> None:
    sandbox = Sandbox(WORK, Limits(cpu_seconds=10, seconds=30), 2, kept_free=1)
    with ThreadPoolExecutor(3) as threads:
        slow = [threads.submit(sandbox, b"sleep", {}) for _ in range(2)]
        until(lambda: sandbox.lent == 1, "one of them has a child")
        assert sandbox(b"good", {}, first=True)[1] == b"good"
        assert not any(one.done() for one in slow)
        closing = threading.Thread(target=sandbox.close)
        closing.start()
        until(lambda: slow[1].done() or slow[0].done(), "who waited is told that it stops")
        for child in psutil.Process().children():
            with suppress(psutil.NoSuchProcess):  # it ended meanwhile, as that of another test may
                if "shared.sandbox.child" in child.cmdline():
                    child.kill()
        closing.join()
    assert all(isinstance(one.exception(), Retryable) for one in slow)
    assert sandbox.pids() == []
