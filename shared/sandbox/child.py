"""The child's side: `python -m shared.sandbox.child FD MODULE:FUNCTION LIMITS`, started by the pool alone.

It imports little, because it is to be there at once, and knows no settings and no secrets.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from shared.errors import Permanent

Work = Callable[[bytes, Mapping[str, Any]], tuple[dict[str, Any], bytes]]
"""From bytes and what is asked of them, to what is told of them and bytes. Raises `Permanent`."""


def serve(pipe: Connection, work: Work, cpu_seconds: float, memory_bytes: int) -> None:
    """Do `work` on one input after the other until the other end is gone; each may take so much."""
    for name in (signal.SIGINT, signal.SIGTERM):  # those are for the parent, which lets the work be finished
        signal.signal(name, signal.SIG_IGN)
    _limit_memory(memory_bytes)
    pipe.send_bytes(b"ready")
    try:
        while True:
            asked = json.loads(pipe.recv_bytes())
            data = pipe.recv_bytes()
            signal.setitimer(signal.ITIMER_PROF, cpu_seconds)  # its signal ends this process
            told, made = _outcome(work, data, asked)
            signal.setitimer(signal.ITIMER_PROF, 0)
            pipe.send_bytes(json.dumps(told).encode())
            pipe.send_bytes(made)
            if "memory" in told:
                return
    except (EOFError, OSError):
        return


def _outcome(work: Work, data: bytes, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        told, made = work(data, asked)
    except Permanent as error:
        return {"code": error.code, "detail": error.detail}, b""
    except MemoryError:
        return {"memory": True}, b""
    except Exception as error:  # noqa: BLE001 - a fault of ours; its text may hold bytes of the input, so it stays here
        at = error.__traceback__
        while at and at.tb_next:
            at = at.tb_next
        place = f" in {Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at else ""
        return {"failure": f"{type(error).__name__}{place}"}, b""
    return {"told": told}, made


def _limit_memory(beyond: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + beyond
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    fd, named, cpu_seconds, memory_bytes = sys.argv[1:]
    module, _, function = named.partition(":")
    work: Work = getattr(import_module(module), function)
    serve(Connection(int(fd)), work, float(cpu_seconds), int(memory_bytes))


if __name__ == "__main__":
    main()
