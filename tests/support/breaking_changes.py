"""What of a new contract breaks those who keep to an old one. A contract only grows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.narrowing import Narrowing

Document = Mapping[str, Any]
_METHODS = ("get", "put", "post", "patch", "delete", "head", "options")


def of_openapi(old: Document, new: Document) -> list[str]:
    """Each break of the HTTP API in words, with the operation that it is of; none where it only grew."""
    return list(_openapi(old, new))


def _openapi(old: Document, new: Document) -> Iterator[str]:
    for path, operations in old["paths"].items():
        for method in filter(operations.__contains__, _METHODS):
            label = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{label}: is gone"
                continue
            if now.get("operationId") != operations[method].get("operationId"):
                yield f"{label}: operationId is {now.get('operationId')}"
            for told in _operation(old, new, operations[method], now):
                yield f"{label}: {told}"


def _operation(old: Document, new: Document, before: Document, now: Document) -> Iterator[str]:
    yield from _security(before, now)
    yield from _parameters(old, new, before.get("parameters", []), now.get("parameters", []))
    yield from _request_body(old, new, before.get("requestBody", {}), now.get("requestBody", {}))
    yield from _responses(old, new, before["responses"], now["responses"])


def _security(before: Document, now: Document) -> Iterator[str]:
    had, has = before.get("security", []), now.get("security", [])
    if has and not had:
        yield "needs a key"
    elif has and had:
        held = {scope for one in had for scopes in one.values() for scope in scopes}
        for scope in sorted({scope for one in has for scopes in one.values() for scope in scopes} - held):
            yield f"needs the scope {scope}"


def _parameters(old: Document, new: Document, before: list[Any], now: list[Any]) -> Iterator[str]:
    known = {(one["in"], one["name"]): one for one in now}
    for one in before:
        name = f"{one['in']}.{one['name']}"
        if (same := known.pop((one["in"], one["name"]), None)) is None:
            yield f"{name}: is gone"
            continue
        if same.get("required") and not one.get("required"):
            yield f"{name}: is required"
        yield from Narrowing(old, new, answer=False).between(one["schema"], same["schema"], name)
    for place, name in (key for key, one in known.items() if one.get("required")):
        yield f"{place}.{name}: is required"


def _request_body(old: Document, new: Document, before: Document, now: Document) -> Iterator[str]:
    if now.get("required") and not before.get("required"):
        yield "body: is required"
    for kind, body in before.get("content", {}).items():
        if kind not in now.get("content", {}):
            yield f"body: {kind} is not taken"
            continue
        yield from Narrowing(old, new, answer=False).between(
            body.get("schema", True), now["content"][kind].get("schema", True), "body"
        )


def _responses(old: Document, new: Document, before: Document, now: Document) -> Iterator[str]:
    for status, response in before.items():
        if status not in now:
            if status.startswith("2"):
                yield f"{status}: is gone"
            continue
        for name in sorted(response.get("headers", {}).keys() - now[status].get("headers", {}).keys()):
            yield f"{status}: the header {name} is gone"
        for kind, body in response.get("content", {}).items():
            if kind not in now[status].get("content", {}):
                yield f"{status}: {kind} is gone"
                continue
            yield from Narrowing(new, old, answer=True).between(
                now[status]["content"][kind].get("schema", True), body.get("schema", True), status
            )
    yield from (f"{status}: is answered" for status in now if status.startswith("2") and status not in before)


def of_asyncapi(old: Document, new: Document) -> list[str]:
    """Each break of the shop bus in words, with the line or the event that it is of; none where it only grew."""
    return list(_asyncapi(old, new))


def _asyncapi(old: Document, new: Document) -> Iterator[str]:
    for name, channel in old["channels"].items():
        now = new["channels"].get(name)
        if now is None:
            yield f"{name}: is gone"
            continue
        for part in ("address", "bindings"):
            if now.get(part) != channel.get(part):
                yield f"{name}: {part} is {now.get(part)}, not {channel.get(part)}"
        yield from (f"{name}: {kind} is gone" for kind in channel["messages"] if kind not in now["messages"])
    for name, operation in old["operations"].items():
        if new["operations"].get(name, {}).get("action") != operation["action"]:
            yield f"{name}: Loupe does not {operation['action']}"
    for kind, answer in _messages(old).items():
        if kind not in new["components"]["messages"]:
            continue
        payloads = [document["components"]["messages"][kind]["payload"] for document in (old, new)]
        before, now = ((old, payloads[0]), (new, payloads[1]))
        (offering, offered), (taking, taken) = (now, before) if answer else (before, now)
        yield from Narrowing(offering, taking, answer=answer).between(offered, taken, kind)


def _messages(document: Document) -> dict[str, bool]:
    """By type, whether Loupe sends it."""
    return {
        kind: operation["action"] == "send"
        for name, operation in document["operations"].items()
        for kind in document["channels"][name]["messages"]
    }
