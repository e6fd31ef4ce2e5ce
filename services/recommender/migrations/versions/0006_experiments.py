"""Experiments on suggestions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("experiment", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("experiments")
