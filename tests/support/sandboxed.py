"""Work for children of a sandbox: what the input says."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import Any

from shared.errors import UnsupportedPicture


def work(data: bytes, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    match data:
        case b"burn":
            while True:
                pass
        case b"sleep":
            signal.pause()
        case b"eat":
            return {}, bytes(1_000_000_000)
        case b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"refuse":
            raise UnsupportedPicture("It is none.")
        case b"fail":
            raise KeyError("a secret of the input")
        case b"write":
            with open("/tmp/loupe-written-by-a-child", "wb") as file:  # noqa: PTH123, S108 - must not come to be
                file.write(b"x" * 100)
    return {"pid": os.getpid(), "environment": sorted(os.environ), **asked}, data
