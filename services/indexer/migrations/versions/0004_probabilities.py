"""What a collection's cosines mean as probabilities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("collections", sa.Column("same", sa.JSON))
    op.add_column("collections", sa.Column("style", sa.JSON))


def downgrade() -> None:
    with op.batch_alter_table("collections") as collections:
        collections.drop_column("style")
        collections.drop_column("same")
