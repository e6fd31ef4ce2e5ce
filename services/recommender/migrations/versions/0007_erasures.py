"""Who was erased, so that what was told of them before is not kept after; and what finds all that is of a shopper."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("shopper_hash", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_erasures_at", "erasures", ["at"])
    op.create_index("ix_visits_user", "visits", ["tenant", "user_id"])
    for name, column, wanted in (
        ("ix_impressions_user", "user_id", "user_id IS NOT NULL"),
        ("ix_impressions_session", "session_id", "session_id IS NOT NULL"),
    ):
        where = sa.text(wanted)
        op.create_index(name, "impressions", ["tenant", column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_impressions_session", "impressions")
    op.drop_index("ix_impressions_user", "impressions")
    op.drop_index("ix_visits_user", "visits")
    op.drop_table("erasures")
