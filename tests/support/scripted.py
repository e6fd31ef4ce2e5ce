"""A server on loopback that answers by a script, and tells what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Said:
    """One answer. `body` is JSON, or text as it stands; status 0 breaks the connection. `after`: seconds it takes."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass
class Script:
    """`asked` is what came, in its order; the last of the answers is given again and again."""

    address: str
    answers: Sequence[Said]
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def scripted(*answers: Said) -> Iterator[Script]:
    script = Script("", answers)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                said = script.answers[min(len(script.asked), len(script.answers) - 1)]
                script.asked.append(Asked(self.command, self.path, headers, body, time.monotonic()))
            time.sleep(said.after)
            if said.status == 0:
                self.close_connection = True
                return
            data = (said.body if isinstance(said.body, str) else json.dumps(said.body)).encode()
            if said.body is None:
                data = b""
            self.send_response(said.status)
            for name, value in {**said.headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            """Nothing: the tests tell."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        script.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
