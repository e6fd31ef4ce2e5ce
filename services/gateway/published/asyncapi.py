"""The shop bus as an AsyncAPI 3.0 document. What is sent and received in it is seen from Loupe."""

from __future__ import annotations

from typing import Any, Literal

from services.gateway.published.events import Event, Line, events, schemas

VERSION = "1"
_SCHEMAS = "#/components/schemas/{model}"
_ABOUT = """What a shop and Loupe tell each other by queue: CloudEvents 1.0 in structured JSON, on Redis Streams or on
RabbitMQ. Each shop has a line in, a line out and one of dead letters; the line says which shop it is, never an event.
`source` and `id` together name an event: the same two again are a repeat, and harmless.

The contract only grows: types, and fields with defaults, are added; none is renamed or removed. So let pass what you do
not know."""
_LINES: dict[Line, str] = {
    "in": "Events of the shop, handled in the order in which they were sent.",
    "out": "What Loupe tells the shop. The newest 50,000 are kept, about.",
    "dead": "Events that were not taken, each with its reason and the path of the bad field.",
}
_BROKERS = ("redis", "rabbitmq")
_SERVERS: dict[str, Any] = {
    "redis": {
        "host": "{host}",
        "protocol": "redis",
        "description": "Redis or Valkey: each line a stream, each entry with the event in the field `event`.",
    },
    "rabbitmq": {
        "host": "{host}",
        "protocol": "amqp",
        "protocolVersion": "0.9.1",
        "description": "RabbitMQ: the line in an exchange, the others durable queues.",
    },
}


def document() -> dict[str, Any]:
    """The whole document, the same each time."""
    variable = {"description": "Name and port of the broker.", "default": "localhost"}
    servers = {name: {**server, "variables": {"host": variable}} for name, server in _SERVERS.items()}
    told = events()
    return {
        "asyncapi": "3.0.0",
        "id": "urn:loupe:shop-bus",
        "info": {"title": "Loupe: the shop bus", "version": VERSION, "description": _ABOUT},
        "defaultContentType": "application/cloudevents+json",
        "servers": servers,
        "channels": {f"{broker}-{line}": _channel(broker, line, told) for broker in _BROKERS for line in _LINES},
        "operations": {f"{broker}-{line}": _operation(broker, line, told) for broker in _BROKERS for line in _LINES},
        "components": {
            "messages": {event.kind: _message(event) for event in told},
            "schemas": dict(sorted(schemas(_SCHEMAS).items())),
        },
    }


def _channel(broker: str, line: Line, told: list[Event]) -> dict[str, Any]:
    separator = ":" if broker == "redis" else "."
    address = separator.join(("loupe", "shop", "{shop}", line))
    channel: dict[str, Any] = {
        "address": address,
        "description": _LINES[line],
        "servers": [{"$ref": f"#/servers/{broker}"}],
        "parameters": {"shop": {"description": "The name of the shop."}},
        "messages": {e.kind: {"$ref": f"#/components/messages/{e.kind}"} for e in told if e.line == line},
    }
    if broker == "rabbitmq":
        channel["bindings"] = {"amqp": {**_amqp(line, address), "bindingVersion": "0.3.0"}}
    return channel


def _amqp(line: Line, address: str) -> dict[str, Any]:
    if line == "in":
        return {"is": "routingKey", "exchange": {"name": address, "type": "fanout", "durable": True}}
    return {"is": "queue", "queue": {"name": address, "durable": True, "exclusive": False, "autoDelete": False}}


def _operation(broker: str, line: Line, told: list[Event]) -> dict[str, Any]:
    action: Literal["receive", "send"] = "receive" if line == "in" else "send"
    channel = f"#/channels/{broker}-{line}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{event.kind}"} for event in told if event.line == line],
    }


def _message(event: Event) -> dict[str, Any]:
    return {
        "name": event.kind,
        "title": event.kind,
        "summary": event.summary,
        "contentType": "application/cloudevents+json",
        "payload": {"$ref": _SCHEMAS.format(model=event.name)},
    }
