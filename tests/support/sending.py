"""A process that sends to webhooks and does nothing else: `python -m tests.support.sending DATABASE_URL SECRET`."""

from __future__ import annotations

import sys
import threading

from services.gateway.outward import Outward
from services.gateway.webhooks.dispatch import Dispatcher
from shared import database


def main(database_url: str, secret: str) -> None:
    Dispatcher(database.open(database_url), secret, Outward(["127.0.0.0/8"])).run(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
