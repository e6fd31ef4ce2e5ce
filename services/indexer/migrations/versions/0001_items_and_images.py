"""Items and images: revisions, tombstones, corrections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "items",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("sku", sa.String(128), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("removed_revision", sa.Integer, nullable=False),
        sa.Column("fields", sa.JSON),
    )
    op.create_table(
        "images",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("image_id", sa.String(36), primary_key=True),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Column("item_revision", sa.Integer),
        sa.Column("sha256", sa.String(64)),
        sa.Column("model_version", sa.String(63)),
        sa.Column("correction_revision", sa.Integer, nullable=False),
        sa.Column("corrections", sa.JSON, nullable=False),
    )
    op.create_index("ix_images_tenant_sku", "images", ["tenant", "sku"])


def downgrade() -> None:
    op.drop_table("images")
    op.drop_table("items")
