"""The ledger: movements and the levels they make; what the catalogue says of items and pictures; alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COUNTING = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "movements",
        sa.Column("id", _COUNTING, primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("movement_id", sa.String(128), nullable=False),
        sa.Column("leg", sa.SmallInteger, nullable=False),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("location", sa.String(63), nullable=False),
        sa.Column("other_location", sa.String(63)),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("quantity", sa.BigInteger),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("unit_price", sa.Float),
        sa.Column("reason", sa.String(200)),
        sa.Column("order_id", sa.String(100)),
        sa.UniqueConstraint("tenant", "movement_id", "leg"),
    )
    op.create_index("ix_movements_place", "movements", ["tenant", "sku", "location", "occurred_at", "id"])
    op.create_index("ix_movements_time", "movements", ["tenant", "occurred_at", "id"])
    op.create_table(
        "levels",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("sku", sa.String(128), primary_key=True),
        sa.Column("location", sa.String(63), primary_key=True),
        sa.Column("on_hand", sa.BigInteger),
        sa.Column("counted_at", sa.BigInteger),
        sa.Column("moved_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_levels_location", "levels", ["tenant", "location", "sku"])
    op.create_table(
        "item_stock",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("sku", sa.String(128), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("on_hand", sa.BigInteger),
        sa.Column("sold_at", sa.BigInteger),
        sa.Column("received_at", sa.BigInteger),
    )
    op.create_index("ix_item_stock_on_hand", "item_stock", ["tenant", "on_hand", "sku"])
    op.create_table(
        "items",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("sku", sa.String(128), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Column("removed_revision", sa.Integer, nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("price", sa.Float),
        sa.Column("currency", sa.String(3)),
        sa.Column("created_at", sa.DateTime),
        sa.Column("fields", sa.JSON, nullable=False),
    )
    op.create_index("ix_items_live", "items", ["tenant", "removed", "sku"])
    op.create_table(
        "pictures",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("image_id", sa.String(36), primary_key=True),
        sa.Column("model_version", sa.String(63), primary_key=True),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("item_revision", sa.Integer, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
    )
    op.create_index("ix_pictures_sku", "pictures", ["tenant", "sku"])
    op.create_table(
        "alert_states",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("sku", sa.String(128), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("beyond", sa.Boolean, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(255), nullable=False, unique=True),
        sa.Column("message", sa.String(64), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("late_at", sa.DateTime),
        sa.Column("overdue_at", sa.DateTime),
    )
    op.create_index("ix_outbox_late_at", "outbox", ["late_at"])
    op.create_index("ix_outbox_overdue_at", "outbox", ["overdue_at"])


def downgrade() -> None:
    for table in ("outbox", "alert_states", "pictures", "items", "item_stock", "levels", "movements"):
        op.drop_table(table)
