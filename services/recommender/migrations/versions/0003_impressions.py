"""What shoppers were shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "impressions",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("search_id", sa.String(32), primary_key=True),
        sa.Column("place", sa.String(16), primary_key=True),
        sa.Column("piece", sa.Integer, primary_key=True),
        sa.Column("first", sa.Integer, primary_key=True),
        sa.Column("ranking", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(128)),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("skus", sa.JSON, nullable=False),
    )
    op.create_index("ix_impressions_at", "impressions", ["at"])


def downgrade() -> None:
    op.drop_table("impressions")
