"""A shop's receiver of webhooks: a real HTTP server that checks signatures with the public standard's library."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlalchemy import select, update
from standardwebhooks import Webhook

from services.gateway.api_keys import ApiKeys
from services.gateway.webhooks.dispatch import Dispatcher
from services.gateway.webhooks.tables import DeliveryRow, WebhookRow
from shared.database import Database
from shared.service import Loop
from tests.support.gateway import SECRET, Stand
from tests.support.waiting import until


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event

    def verified(self, secret: str) -> dict[str, Any]:
        """The event, once the library has found the signature good; raises when it is not."""
        event: dict[str, Any] = Webhook(secret).verify(self.body, dict(self.headers))
        return event


@dataclass
class Receiver:
    """Answers each path with its `statuses`, 200 where none is named; paths in `slow` wait until `release` is set."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    slow: set[str] = field(default_factory=set)
    release: threading.Event = field(default_factory=threading.Event)

    def at(self, path: str) -> list[Received]:
        return [each for each in self.got if each.path == path]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append(Received(self.path, headers, body))
            if self.path in receiver.slow:
                receiver.release.wait(30)
            try:
                self.send_response(receiver.statuses.get(self.path, 200))
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(receiver.answer)
            except OSError:  # the sender is gone
                pass

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield receiver
    finally:
        receiver.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


def dispatching(stand: Stand) -> list[Loop]:
    """The loop of a gateway that sends to webhooks."""
    return [loop for loop in stand.service.background if isinstance(getattr(loop, "__self__", None), Dispatcher)]


def admin(stand: Stand, tenant: str = "shop") -> dict[str, str]:
    return {"Authorization": f"Bearer {ApiKeys(stand.catalogue, SECRET).add(tenant, 'admin', ['admin']).key}"}


def pass_time(catalogue: Database, by: timedelta) -> None:
    """Let all that is noted of webhooks and deliveries have been so much earlier."""
    for table, columns in (
        (DeliveryRow, ("created_at", "first_at", "last_at", "next_at")),
        (WebhookRow, ("failing_since", "paused_until", "last_success_at", "old_secret_until")),
    ):
        with catalogue.write() as session:
            for row in session.execute(select(table)).scalars():
                for column in columns:
                    if value := getattr(row, column):
                        setattr(row, column, value - by)


def make_due(catalogue: Database) -> None:
    """Let the next try of all that waits be now."""
    with catalogue.write() as session:
        now = datetime.now(UTC)
        session.execute(update(DeliveryRow).where(DeliveryRow.next_at.is_not(None)).values(next_at=now))
        session.execute(update(WebhookRow).values(paused_until=None))


def settled(stand: Stand, webhook_id: str, header: dict[str, str], state: str, count: int = 1) -> list[dict[str, Any]]:
    """The deliveries in `state`, once there are `count` of them."""
    path = f"/v1/webhooks/{webhook_id}/deliveries"

    def found() -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = stand.client.get(path, params={"state": state}, headers=header).json()[
            "deliveries"
        ]
        return listed

    until(lambda: len(found()) >= count, f"{count} are {state}")
    return found()
