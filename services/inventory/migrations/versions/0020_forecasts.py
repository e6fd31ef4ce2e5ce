"""Forecasts and advice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecast_runs",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("begins", sa.Date, nullable=False),
        sa.Column("took_seconds", sa.Float, nullable=False),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("method", sa.JSON, nullable=False),
        sa.Column("terms", sa.JSON, nullable=False),
    )
    op.create_table(
        "forecasts",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("ahead", sa.LargeBinary, nullable=False),
        sa.Column("past", sa.LargeBinary, nullable=False),
        sa.Column("believed", sa.Float),
    )
    op.create_table(
        "advice",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("of", sa.String(8), primary_key=True),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("advice", sa.JSON, nullable=False),
    )
    op.create_index("ix_advice_weight", "advice", ["tenant", "of", "place"])
    op.create_index("ix_advice_kind", "advice", ["tenant", "of", "kind", "place"])


def downgrade() -> None:
    for table in ("advice", "forecasts", "forecast_runs"):
        op.drop_table(table)
