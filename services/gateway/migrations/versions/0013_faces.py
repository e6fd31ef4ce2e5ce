"""What a shop wants of faces and of shoppers' photos, and pictures that are not shown before faces were looked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("blur_faces", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("tenants", sa.Column("query_photo_days", sa.Integer, nullable=False, server_default="0"))
    op.add_column("images", sa.Column("veiled", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("images") as images:
        images.drop_column("veiled")
    with op.batch_alter_table("tenants") as tenants:
        tenants.drop_column("query_photo_days")
        tenants.drop_column("blur_faces")
