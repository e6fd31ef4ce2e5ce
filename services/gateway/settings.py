"""The gateway's settings, read from the environment: GATEWAY_*, and what every service shares without the prefix."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, StringConstraints
from pydantic_settings import NoDecode, SettingsConfigDict

from services.gateway.addresses import parse_allowed
from services.gateway.reconcile import Pace
from shared.settings import ServiceSettings

Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[^/\s,?#]+)$")]
"""A scheme and a host, with a port where it is not the scheme's own: https://shop.example."""


def _entries(given: object) -> object:
    """As they stand in the environment: with commas between them."""
    return [entry.strip() for entry in given.split(",") if entry.strip()] if isinstance(given, str) else given


def _allowed(entries: list[str]) -> list[str]:
    for entry in entries:
        parse_allowed(entry)
    return entries


class Settings(ServiceSettings):
    """`secret` signs picture addresses, cursors and page sessions, and hashes API keys: changing it voids them all.

    With `page_tenant` set, who opens the page needs no key and sees that shop: for a stack on one's own machine, where
    `page_key` is made a key of that shop. `public_host` is the name (with port) by which browsers know this gateway.
    """

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    broker_url: str = Field(validation_alias=AliasChoices("broker_url", "BROKER_URL"), repr=False)
    object_store_url: str = Field(validation_alias=AliasChoices("object_store_url", "OBJECT_STORE_URL"), repr=False)
    object_store_public_url: str | None = Field(
        None,
        validation_alias=AliasChoices("object_store_public_url", "OBJECT_STORE_PUBLIC_URL"),
        description="By which name shops reach the object store to put pictures there; else they pass the gateway.",
    )
    database_url: str = Field(
        validation_alias=AliasChoices("database_url", "GATEWAY_DATABASE_URL", "DATABASE_URL"),
        repr=False,
        description="A database of its own, shared with no other service.",
    )
    embedder_url: str = Field(validation_alias=AliasChoices("embedder_url", "EMBEDDER_URL"))
    recommender_url: str = Field(validation_alias=AliasChoices("recommender_url", "RECOMMENDER_URL"))
    indexer_url: str = Field(
        "http://127.0.0.1:8092",
        validation_alias=AliasChoices("indexer_url", "INDEXER_URL"),
        description="For operators.",
    )
    inventory_url: str = Field(
        "http://127.0.0.1:8094",
        validation_alias=AliasChoices("inventory_url", "INVENTORY_URL"),
        description="Keeps the ledger of the stock, and answers of it.",
    )
    authenticity_url: str = Field(
        "http://127.0.0.1:8095",
        validation_alias=AliasChoices("authenticity_url", "AUTHENTICITY_URL"),
        description="Keeps registered references, and compares pieces with them.",
    )
    secret: str = Field(min_length=16, validation_alias=AliasChoices("secret", "GATEWAY_SECRET", "SECRET"), repr=False)
    shop_bus_url: str | None = Field(
        None,
        validation_alias=AliasChoices("shop_bus_url", "SHOP_BUS_URL"),
        repr=False,
        description="Where shops and Loupe send each other events by queue; without it they do not.",
    )
    receipt_key: str | None = Field(
        None,
        repr=False,
        description="32 random bytes in base64url, by which receipts of erasures are signed; default: of the secret.",
    )
    block_list_file: Path | None = Field(
        None, description="Who was erased is written here too: a file to keep beside the backups, not in them."
    )
    export_hours: float = Field(24, gt=0, description="What was gathered of a shopper is there so long.")
    letter_days: float = Field(30, gt=0, description="Dead letters that may name a shopper are kept so long.")
    receipt_days: float = Field(1_095, gt=0, description="Receipts of erasures are kept so long.")
    forgotten_days: float = Field(
        400, gt=0, description="The block list is kept so long: longer than any backup is, or it comes back unfiltered."
    )
    rate_limit: int = Field(1_000, ge=1, description="Requests a second of one key, as a mean over a window.")
    rate_limit_seconds: int = Field(10, ge=1, le=3_600, description="The window.")
    rate_limit_url: str | None = Field(
        None,
        repr=False,
        description="redis:// or rediss:// of the counter, memory:// for one a process; default: see `counter_url`.",
    )
    cors_origins: Annotated[list[Origin], NoDecode, BeforeValidator(_entries)] = Field(
        default_factory=list,
        description="Where pages come from that may call the API, with commas between; * for all.",
    )
    page_tenant: str | None = None
    page_key: str | None = Field(None, repr=False)
    public_host: str | None = None
    reconcile_hours: float = Field(6, ge=0, description="All shops' stores are compared so often; 0 for never.")
    reconcile_stuck_minutes: float = Field(
        60, gt=0, description="A picture without outcome is looked at after so long."
    )
    reconcile_grace_days: float = Field(7, gt=0, description="Objects that no picture refers to are kept so long.")
    outward_allow: Annotated[list[str], NoDecode, BeforeValidator(_entries), AfterValidator(_allowed)] = Field(
        [],
        description="Networks (CIDR) and names of hosts, with commas between them, to which webhooks may go and from "
        "which pictures may come though they are not public, also by plain http.",
    )
    fetch_hosts: Annotated[list[str], NoDecode, BeforeValidator(_entries)] = Field(
        [],
        description="Names of hosts, with commas between them, from which imports fetch pictures by https; "
        "*.example.com for all below it.",
    )
    header_seconds: float = Field(
        3.0, gt=0, description="Time of a processor that reading the header of a picture may take."
    )
    backlog_limit: int = Field(
        50_000,
        ge=1,
        description="From so many accepted messages without an outcome on pictures are refused; from twice as many "
        "changes of items and events too.",
    )
    requests_at_once: int = Field(256, ge=1, description="More requests than this gateway has in hand are refused.")
    bodies_mb: int = Field(
        96, ge=1, description="What the bodies of the requests in hand may take of this gateway's memory."
    )
    body_seconds: float = Field(
        30.0, gt=0, description="A body is waited for so long, and a second more for each 10 kB that came."
    )
    port: int = Field(8080, ge=1, le=65_535)
    worker_threads: int = Field(4, ge=1)
    sole_worker: bool = Field(False, description="No other gateway reads this broker: take over what a dead one left.")

    @property
    def counter_url(self) -> str:
        """Where requests are counted: by default at the broker when that is Redis, else in this process."""
        redis = self.broker_url.startswith(("redis://", "rediss://"))
        return self.rate_limit_url or (self.broker_url if redis else "memory://")

    @property
    def reconcile_pace(self) -> Pace:
        every = timedelta(hours=self.reconcile_hours) if self.reconcile_hours else None
        return Pace(every, timedelta(minutes=self.reconcile_stuck_minutes))
