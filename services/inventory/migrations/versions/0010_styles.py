"""Looks, styles and stock-takes by photo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "looks",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("model_version", sa.String(63), primary_key=True),
        sa.Column("image_id", sa.String(36), primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("known", sa.JSON, nullable=False),
    )
    op.create_table(
        "styles",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("style_id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("image_id", sa.String(36)),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
    )
    op.create_index("ix_styles_size", "styles", ["tenant", "pieces", "style_id"])
    op.create_table(
        "style_pieces",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("sku", sa.String(128), primary_key=True),
        sa.Column("rank", sa.SmallInteger, primary_key=True),
        sa.Column("style_id", sa.String(32), nullable=False),
        sa.Column("share", sa.Float, nullable=False),
    )
    op.create_index("ix_style_pieces_style", "style_pieces", ["tenant", "style_id", "rank", "share"])
    op.create_table(
        "placed_pieces",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("sku", sa.String(128), primary_key=True),
        sa.Column("type", sa.String(64)),
        sa.Column("metal", sa.String(64)),
        sa.Column("stone", sa.String(64)),
        sa.Column("price_band", sa.String(40)),
        sa.Column("neighbours", sa.JSON, nullable=False),
    )
    op.create_table(
        "style_turns",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("holder", sa.String(32)),
        sa.Column("held_until", sa.DateTime),
        sa.Column("asked_at", sa.DateTime),
        sa.Column("tried_at", sa.DateTime),
        sa.Column("made_at", sa.DateTime),
        sa.Column("took_seconds", sa.Float, nullable=False),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
    )
    op.create_table(
        "stocktakes",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("stocktake_id", sa.String(40), primary_key=True),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("stocktake", sa.JSON, nullable=False),
        sa.Column("seen", sa.JSON, nullable=False),
    )
    op.create_index("ix_stocktakes_created", "stocktakes", ["created_at"])


def downgrade() -> None:
    for table in ("stocktakes", "style_turns", "placed_pieces", "style_pieces", "styles", "looks"):
        op.drop_table(table)
