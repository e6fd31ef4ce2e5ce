"""The events of the shop bus as JSON Schema, made from `shared/contracts/shop.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from shared.contracts.shop import INCOMING, Envelope, EventRefusedData, Outgoing

_ALWAYS_TOLD = ["specversion", "id", "source", "type", "time", "datacontenttype", "correlationid", "data"]
"""The attributes of every event that Loupe sends."""
Line = Literal["in", "out", "dead"]
_OF_THE_EVENT = {"id": "id", "at": "time"}
"""What the data need not say: by the field of the data, the attribute of the event that tells it then."""


@dataclass(frozen=True)
class Event:
    """A type of event: the line of a shop that it comes by, and what its `data` is."""

    kind: str
    line: Line
    data: type[BaseModel]

    @property
    def name(self) -> str:
        """As a name of a component: `ShopItemUpserted` of `shop.item.upserted`."""
        return "".join(word.capitalize() for word in self.kind.replace("_", ".").split("."))

    @property
    def mode(self) -> Literal["validation", "serialization"]:
        return "validation" if self.line == "in" else "serialization"

    @property
    def summary(self) -> str:
        """The first sentence of what the model says of itself, without the type in front."""
        told = " ".join((self.data.__doc__ or "").partition("\n\n")[0].split())
        return told.partition("`: ")[2].capitalize() if told.startswith("`") else told


def events() -> list[Event]:
    """Every type that there is, in order of line and name."""
    taken = [Event(kind, "in", data) for kind, data in INCOMING.items()]
    told = [Event(data.event_type, "dead" if data is EventRefusedData else "out", data) for data in _told(Outgoing)]
    return sorted((*taken, *told), key=lambda event: (("in", "out", "dead").index(event.line), event.kind))


def _told(base: type[Outgoing]) -> list[type[Outgoing]]:
    own = [base] if "event_type" in vars(base) else []
    return own + [data for each in base.__subclasses__() for data in _told(each)]


class _Json(GenerateJsonSchema):
    """What pydantic says, with bytes as they are in JSON here: base64."""

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:  # noqa: ARG002 - as pydantic calls it
        return {"type": "string", "contentEncoding": "base64"}


def schemas(template: str) -> dict[str, Any]:
    """By name, the schema of each event, of its data by the name of its model, and of all that these refer to.

    `template` is how one refers to another: a format with `{model}`.
    """
    asked: list[Any] = [(Envelope, "validation"), *((event.data, event.mode) for event in events())]
    by_model, found = models_json_schema(asked, ref_template=template, schema_generator=_Json)
    made: dict[str, Any] = found["$defs"]
    envelope = made.pop("Envelope")
    for event in events():
        reference = by_model[(event.data, event.mode)]
        data = made[reference["$ref"].removeprefix(template.partition("{model}")[0])]
        made[event.name] = _event(event, envelope, reference, data)
    return made


def _event(event: Event, envelope: dict[str, Any], reference: JsonSchemaValue, data: dict[str, Any]) -> dict[str, Any]:
    """The whole event in structured JSON. Attributes that are not named here are let pass."""
    whole: dict[str, Any] = {
        **envelope,
        "title": event.kind,
        "description": event.summary,
        "properties": envelope["properties"] | {"type": {"const": event.kind}, "data": reference},
    }
    if event.line != "in":
        return whole | {"required": _ALWAYS_TOLD}
    by_event = _OF_THE_EVENT.keys() & data.get("required", [])
    if by_event:
        data["required"] = [name for name in data["required"] if name not in by_event]
    conditions = [
        {"anyOf": [{"required": [_OF_THE_EVENT[name]]}, {"properties": {"data": {"required": [name]}}}]}
        for name in sorted(by_event)
        if _OF_THE_EVENT[name] not in envelope["required"]
    ]
    return whole | ({"allOf": conditions} if conditions else {})


def alone(part: Literal["event", "data"]) -> dict[str, dict[str, Any]]:
    """By type, the JSON Schema (2020-12) of the whole event or of its data, each with all that it refers to.

    The addresses in `$id` are relative to where they are served.
    """
    made = schemas("#/$defs/{model}")
    return {event.kind: _alone(event, part, made) for event in events()}


def _alone(event: Event, part: str, made: dict[str, Any]) -> dict[str, Any]:
    folder = "data/" if part == "data" else ""
    whole = made[event.data.__name__ if part == "data" else event.name]
    needed: dict[str, Any] = {}
    _gather(whole, made, needed)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/schemas/{folder}{event.kind}.json",
        **whole,
        **({"$defs": dict(sorted(needed.items()))} if needed else {}),
    }


def _gather(value: Any, made: dict[str, Any], into: dict[str, Any]) -> None:
    """Put each schema that `value` refers to, near or far, `into` a dictionary by name."""
    if isinstance(value, list):
        for one in value:
            _gather(one, made, into)
    elif isinstance(value, dict):
        name = str(value.get("$ref", "")).removeprefix("#/$defs/")
        if name in made and name not in into:
            into[name] = made[name]
            _gather(made[name], made, into)
        for one in value.values():
            _gather(one, made, into)
