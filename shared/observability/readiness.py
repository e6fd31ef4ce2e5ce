"""Whether what a service needs answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from shared.contracts.api import PartHealth
from shared.errors import LoupeError

Check = Callable[[], None]
"""Returns where a part answers, and raises a `LoupeError` that says what to do where it does not."""
_ANSWER_SECONDS = 6.0
"""Longer than a part's own client waits, whose words say what to do."""
_log = structlog.get_logger(__name__)


def asked(checks: Mapping[str, Check]) -> dict[str, PartHealth]:
    """Each by its name; all at once, so that several that are silent take no longer than one."""
    found: dict[str, PartHealth] = {}

    def ask(name: str) -> None:
        found[name] = _health(checks[name])

    threads = [threading.Thread(target=ask, args=[name], name=f"check {name}", daemon=True) for name in checks]
    for thread in threads:
        thread.start()
    until = time.monotonic() + _ANSWER_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = PartHealth(ok=False, detail=f"It did not answer within {_ANSWER_SECONDS:g} seconds. See whether it runs.")
    return {name: found.get(name, late) for name in checks}


def _health(check: Check) -> PartHealth:
    try:
        check()
    except LoupeError as error:
        return PartHealth(ok=False, detail=error.detail)
    except Exception:  # noqa: BLE001 - whatever it is, the other parts are told of
        _log.exception("check_failed")
        return PartHealth(ok=False, detail="It could not be asked, by a fault of ours; the log says more.")
    return PartHealth(ok=True)
