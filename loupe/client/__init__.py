"""Loupe's HTTP API from Python: `Client` waits for each answer, `AsyncClient` is awaited.

Both have the same calls. A call returns the model of the contract that Loupe answers with, and raises an error of
`loupe.client.errors`, all of them `LoupeError`s.
"""

from loupe.client.async_client import AsyncClient
from loupe.client.client import Client
from loupe.client.errors import (
    Conflict,
    Failed,
    Forbidden,
    Invalid,
    NoAnswer,
    NotFound,
    NotUnderstood,
    PreconditionFailed,
    QuotaExceeded,
    Refused,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from loupe.client.pictures import Picture
from shared.contracts.analysis import Box
from shared.contracts.api import Correction, Image, Item, ItemIn, ItemPatch, ItemPut, Problem
from shared.contracts.boards import BoardEntry
from shared.contracts.internal import Experiment, Filters
from shared.contracts.inventory import Counted, CountsIn
from shared.contracts.references import ReferenceIn, ReferencePatch
from shared.contracts.search import QueryPart, Result
from shared.contracts.stock import Movement
from shared.contracts.user_events import UserEvent
from shared.contracts.webhooks import WebhookPatch
from shared.errors import LoupeError

__all__ = [
    "AsyncClient",
    "BoardEntry",
    "Box",
    "Client",
    "Conflict",
    "Correction",
    "Counted",
    "CountsIn",
    "Experiment",
    "Failed",
    "Filters",
    "Forbidden",
    "Image",
    "Invalid",
    "Item",
    "ItemIn",
    "ItemPatch",
    "ItemPut",
    "LoupeError",
    "Movement",
    "NoAnswer",
    "NotFound",
    "NotUnderstood",
    "Picture",
    "PreconditionFailed",
    "Problem",
    "QueryPart",
    "QuotaExceeded",
    "ReferenceIn",
    "ReferencePatch",
    "Refused",
    "Result",
    "TooLarge",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "UserEvent",
    "WebhookPatch",
]
