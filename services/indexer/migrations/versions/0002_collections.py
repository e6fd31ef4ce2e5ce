"""Collections: which there are, and up to which one a picture has been written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collections",
        sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(128), nullable=False, unique=True),
        sa.Column("model_version", sa.String(63), nullable=False),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.Column("no_match_below", sa.Float, nullable=False),
        sa.Column("look_at_least", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("hold", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("activated_at", sa.DateTime),
        sa.Column("retired_at", sa.DateTime),
    )
    op.add_column("images", sa.Column("generation", sa.Integer, nullable=False, server_default="0"))
    op.add_column("images", sa.Column("refused", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE images SET generation = 1 WHERE sha256 IS NOT NULL")  # the collection of before is the first


def downgrade() -> None:
    with op.batch_alter_table("images") as images:
        images.drop_column("refused")
        images.drop_column("generation")
    op.drop_table("collections")
