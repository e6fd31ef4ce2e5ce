"""Which text an item has, and as of which revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("text_revision", sa.Integer, nullable=False, server_default="0"))
    op.add_column("items", sa.Column("text_sha256", sa.String(64)))
    op.add_column("items", sa.Column("text_model", sa.String(63)))


def downgrade() -> None:
    with op.batch_alter_table("items") as items:
        items.drop_column("text_model")
        items.drop_column("text_sha256")
        items.drop_column("text_revision")
