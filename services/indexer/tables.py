"""What the indexer remembers: enough to tell, for any message in any order, whether it comes too late."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

items = Table(
    "items",
    metadata,
    Column("tenant", String(63), primary_key=True),
    Column("sku", String(128), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("removed_revision", Integer, nullable=False),
    Column("fields", JSON(none_as_null=True)),
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
    Index("ix_images_tenant_sku", "tenant", "sku"),
)
