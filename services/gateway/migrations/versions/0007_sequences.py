"""The order of shops' events, whose stock is told by itself, and what shops hear of items and of suggestions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_sequences",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("sku", sa.String(128), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("sequence", sa.String(64), nullable=False),
    )
    op.create_table(
        "suggestion_news",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("shopper", sa.String(130), primary_key=True),
        sa.Column("changed", sa.Boolean, nullable=False),
        sa.Column("told_at", sa.DateTime),
    )
    op.add_column("items", sa.Column("stock_told", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("images", sa.Column("outcome_of", sa.String(128)))
    op.add_column("tenants", sa.Column("suggestions_changed", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for table, column in (("tenants", "suggestions_changed"), ("images", "outcome_of"), ("items", "stock_told")):
        with op.batch_alter_table(table) as altered:
            altered.drop_column(column)
    op.drop_table("suggestion_news")
    op.drop_table("item_sequences")
