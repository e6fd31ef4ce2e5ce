"""Users of shops on RabbitMQ, by its management API.

RabbitMQ cannot say of its default exchange to which queues a user may send by it, so a shop sends by an exchange of its
own, which leads to its line in alone.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx

from shared.errors import Permanent, Retryable
from shared.shopbus.amqp import make_lines
from shared.shopbus.users import new_password, signed_in, user_of

_NOTHING = "^$"


class AmqpUsers:
    """See `ShopUsers`. The shop's lines are made before its user."""

    def __init__(self, bus_url: str, admin_url: str) -> None:
        self._bus_url = bus_url
        path = urlsplit(bus_url).path
        self._vhost = unquote(path[1:]) or "/"
        parts = urlsplit(admin_url)
        port = f":{parts.port}" if parts.port else ""
        self._address = urlunsplit((parts.scheme, f"{parts.hostname}{port}", parts.path.rstrip("/"), "", ""))
        self._signature = httpx.BasicAuth(unquote(parts.username or ""), unquote(parts.password or ""))

    def check(self, *, management: bool = False) -> None:  # noqa: ARG002 - every shop can be let in here
        self._ask("GET", "users")

    def give(self, tenant: str, *, management: bool = False) -> str:
        user, password = user_of(tenant), new_password()
        make_lines(self._bus_url, tenant)
        name, lines = quote(user, safe=""), re.escape(f"loupe.shop.{tenant}.")
        allowed = {"configure": _NOTHING, "write": f"^{lines}in$", "read": f"^{lines}(out|dead)$"}
        self._ask("PUT", f"users/{name}", {"password": password, "tags": "management" if management else ""})
        self._ask("PUT", f"permissions/{quote(self._vhost, safe='')}/{name}", allowed)
        self._ask("DELETE", f"connections/username/{name}")
        return signed_in(self._bus_url, user, password)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        try:
            answer = httpx.request(method, f"{self._address}/api/{path}", json=body, auth=self._signature, timeout=10)
        except httpx.HTTPError as error:
            raise Retryable(
                f"RabbitMQ's management API {self._address} does not answer ({type(error).__name__}). Enable its "
                "plugin (rabbitmq-plugins enable rabbitmq_management), or check SHOP_BUS_ADMIN_URL."
            ) from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Retryable(f"RabbitMQ's management API {self._address} is not well (status {answer.status_code}).")
        if answer.is_error:
            raise Permanent(
                f"RabbitMQ's management API {self._address} refuses {method} {path} (status {answer.status_code}). Set "
                "SHOP_BUS_ADMIN_URL to http://user:password@host:15672 with a user that has the tag administrator."
            )
