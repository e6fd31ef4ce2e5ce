"""Which text an item has: its vectors are kept while it does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("text_sha256", sa.String(64)))
    op.create_index("ix_items_tenant_text_sha256", "items", ["tenant", "text_sha256"])


def downgrade() -> None:
    op.drop_index("ix_items_tenant_text_sha256", "items")
    with op.batch_alter_table("items") as items:
        items.drop_column("text_sha256")
