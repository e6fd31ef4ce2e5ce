"""Two more things that may be known of a picture's main piece."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("images", sa.Column("cut", sa.JSON))
    op.add_column("images", sa.Column("setting", sa.JSON))


def downgrade() -> None:
    with op.batch_alter_table("images") as images:
        images.drop_column("setting")
        images.drop_column("cut")
