"""Boards: pictures, pieces and words that somebody gathers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "boards",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("board_id", sa.String(27), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.Column("share_id", sa.String(32)),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_boards_share_id", "boards", ["share_id"], unique=True)


def downgrade() -> None:
    op.drop_table("boards")
