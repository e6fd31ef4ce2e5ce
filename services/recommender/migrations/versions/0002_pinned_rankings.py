"""Rankings pinned for those who page through them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pinned_rankings",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("name", sa.String(22), primary_key=True),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("held", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_pinned_rankings_expires_at", "pinned_rankings", ["expires_at"])
    op.create_index("ix_pinned_rankings_newest", "pinned_rankings", ["tenant", "expires_at", "size"])


def downgrade() -> None:
    op.drop_table("pinned_rankings")
