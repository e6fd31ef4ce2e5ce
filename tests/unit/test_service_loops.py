"""Background loops of a service: one that breaks does not leave a service that does half of its work."""

from __future__ import annotations

import threading

from shared.service import kept_running


def test_a_loop_that_breaks_is_begun_again_until_it_is_told_to_stop() -> None:
    stop, runs = threading.Event(), []

    def loop(stopping: threading.Event) -> None:
        runs.append(stopping)
        if len(runs) == 3:
            return
        raise AttributeError("of a library")

    kept_running(loop, stop, pause=0.001)
    assert runs == [stop] * 3


def test_a_loop_that_breaks_while_it_is_told_to_stop_is_not_begun_again() -> None:
    stop, runs = threading.Event(), []

    def loop(stopping: threading.Event) -> None:
        runs.append(stopping)
        stopping.set()
        raise AttributeError("of a library")

    kept_running(loop, stop, pause=0.001)
    assert len(runs) == 1
