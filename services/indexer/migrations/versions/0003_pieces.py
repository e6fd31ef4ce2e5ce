"""How many points of a picture its newest collection holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("images", sa.Column("pieces", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE images SET pieces = 1 WHERE generation > 0")  # before this a picture was one piece


def downgrade() -> None:
    with op.batch_alter_table("images") as images:
        images.drop_column("pieces")
