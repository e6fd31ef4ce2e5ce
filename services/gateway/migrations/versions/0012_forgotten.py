"""Who was erased, by a keyed hash; erasures with their receipts, and exports of what is kept of a shopper."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forgotten",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("shopper", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_forgotten_at", "forgotten", ["at"])
    op.create_table(
        "erasures",
        *_request("erasure_id"),
        sa.Column("also", sa.JSON),
        sa.Column("history_done", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("swept", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("receipt", sa.Text),
    )
    op.create_table(
        "exports",
        *_request("export_id"),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("gone", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("bytes", sa.Integer),
    )
    for table in ("erasures", "exports"):
        for column in ("asked_at", "done_at"):
            op.create_index(f"ix_{table}_{column}", table, [column])


def _request(name: str) -> list[sa.Column]:  # type: ignore[type-arg]
    return [
        sa.Column(name, sa.String(35), primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("shopper", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("done_at", sa.DateTime),
        sa.Column("asked_by", sa.String(256)),
        sa.Column("correlation_id", sa.String(128), nullable=False),
        sa.Column("user_id", sa.String(128)),
        sa.Column("session_id", sa.String(128)),
        sa.Column("found", sa.JSON, nullable=False),
        sa.Column("held_until", sa.DateTime),
    ]


def downgrade() -> None:
    for table in ("exports", "erasures", "forgotten"):
        op.drop_table(table)
