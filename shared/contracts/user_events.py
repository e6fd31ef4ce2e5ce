"""What a shopper did, as shops tell it and as it is passed on."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.fields import NO_TEXT, EventId, SearchId, SessionId, Sku, Timestamp, UserId

EventType = Literal["viewed", "searched", "clicked", "favourited", "carted", "purchased", "returned", "dismissed"]


_WHOSE_AND_WHAT: dict[str, Any] = {
    "allOf": [
        {
            "anyOf": [
                {"required": ["user_id"], "properties": {"user_id": {"type": "string"}}},
                {"required": ["session_id"], "properties": {"session_id": {"type": "string"}}},
            ]
        },
        {
            "oneOf": [
                {
                    "required": ["search_id"],
                    "properties": {
                        "type": {"const": "searched"},
                        "search_id": {"type": "string"},
                        "sku": {"type": "null"},
                    },
                },
                {
                    "required": ["sku"],
                    "properties": {
                        "type": {"enum": [kind for kind in get_args(EventType) if kind != "searched"]},
                        "sku": {"type": "string"},
                    },
                },
            ]
        },
    ]
}
"""What `UserEvent` checks over several fields, for who reads its schema."""
Position = Annotated[int, Field(ge=0, lt=100_000), NO_TEXT]


class UserEvent(BaseModel):
    """One thing that a shopper did with an item. `id` is the shop's own, and makes a repeat harmless.

    `user_id` is who is logged in, `session_id` a visit of somebody who may not be. Both together tell whose visit it
    is: what was done in it without a `user_id`, before and after, is then the user's. A visit is its first user's.

    `searched` is of a list that Loupe answered, its `search_id`, and of no item.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_WHOSE_AND_WHAT)

    id: EventId
    type: EventType
    user_id: UserId | None = None
    session_id: SessionId | None = None
    sku: Sku | None = None
    at: Timestamp
    search_id: SearchId | None = Field(None, description="Of the list in which the shopper saw the item.")
    position: Position | None = Field(None, description="Its place in that list, from 0.")

    @model_validator(mode="after")
    def _whose_and_what(self) -> Self:
        if self.user_id is None and self.session_id is None:
            raise ValueError("give user_id or session_id, or both at a login")
        if self.type == "searched":
            if self.search_id is None or self.sku is not None:
                raise ValueError("searched is of a list and not of an item: give search_id and no sku")
        elif self.sku is None:
            raise ValueError(f"{self.type} is of an item: give its sku")
        return self
