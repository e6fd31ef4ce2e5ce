"""What each shop has and may have; keys that end by themselves, and which key one was rotated to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COUNTED = """
INSERT INTO quotas (tenant, items, pictures, storage_bytes)
SELECT tenant,
  (SELECT COUNT(*) FROM items WHERE items.tenant = tenants.tenant AND NOT items.removed),
  (SELECT COUNT(*) FROM images WHERE images.tenant = tenants.tenant),
  (SELECT COALESCE(SUM(images.bytes), 0) FROM images WHERE images.tenant = tenants.tenant)
FROM tenants
"""


def upgrade() -> None:
    op.create_table(
        "quotas",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("pictures", sa.Integer, nullable=False),
        sa.Column("storage_bytes", sa.BigInteger, nullable=False),
        sa.Column("max_items", sa.Integer),
        sa.Column("max_pictures", sa.Integer),
        sa.Column("max_storage_bytes", sa.BigInteger),
        sa.Column("max_requests", sa.Integer),
    )
    op.execute(_COUNTED)
    with op.batch_alter_table("api_keys") as table:
        table.add_column(sa.Column("expires_at", sa.DateTime))
        table.add_column(sa.Column("replaced_by", sa.String(16)))


def downgrade() -> None:
    with op.batch_alter_table("api_keys") as table:
        table.drop_column("replaced_by")
        table.drop_column("expires_at")
    op.drop_table("quotas")
