"""What the indexer remembers: enough to tell, for any message in any order, whether it comes too late."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Index, Integer, MetaData, String, Table

metadata = MetaData()

items = Table(
    "items",
    metadata,
    Column("tenant", String(63), primary_key=True),
    Column("sku", String(128), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("removed_revision", Integer, nullable=False),
    Column("fields", JSON(none_as_null=True)),
    Column("text_revision", Integer, nullable=False, server_default="0"),
    Column("text_sha256", String(64)),
    Column("text_model", String(63)),
)

images = Table(
    "images",
    metadata,
    Column("tenant", String(63), primary_key=True),
    Column("image_id", String(36), primary_key=True),
    Column("sku", String(128), nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("item_revision", Integer),
    Column("sha256", String(64)),
    Column("model_version", String(63)),
    Column("correction_revision", Integer, nullable=False),
    Column("corrections", JSON, nullable=False),
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("pieces", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    Index("ix_images_tenant_sku", "tenant", "sku"),
)

collections = Table(
    "collections",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("name", String(128), nullable=False, unique=True),
    Column("model_version", String(63), nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("no_match_below", Float, nullable=False),
    Column("look_at_least", Float, nullable=False),
    Column("same", JSON(none_as_null=True)),
    Column("style", JSON(none_as_null=True)),
    Column("form_dimension", Integer),
    Column("state", String(16), nullable=False),
    Column("hold", Boolean, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("activated_at", DateTime),
    Column("retired_at", DateTime),
)
