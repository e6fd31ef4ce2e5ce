"""What is learned in the background, and whose turn it is to learn it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learned",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("figure", sa.Float, nullable=False),
        sa.Column("of", sa.Integer, nullable=False),
        sa.Column("held", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "lessons",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(32)),
        sa.Column("held_until", sa.DateTime),
        sa.Column("tried_at", sa.DateTime),
        sa.Column("took_seconds", sa.Float, nullable=False, server_default="0"),
        sa.Column("events", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("outcome", sa.String(16), nullable=False, server_default=""),
    )


def downgrade() -> None:
    op.drop_table("lessons")
    op.drop_table("learned")
