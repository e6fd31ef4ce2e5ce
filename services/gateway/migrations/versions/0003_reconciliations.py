"""How far the comparison of a shop's stores is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("succeeded_at", sa.DateTime),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sa.Column("after", sa.String(36), nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.Column("scan_after", sa.String(36), nullable=False),
        sa.Column("scanned", sa.Boolean, nullable=False),
        sa.Column("found", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("reconciliations")
