"""How many of a collection's numbers are of the form."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("collections", sa.Column("form_dimension", sa.Integer))


def downgrade() -> None:
    with op.batch_alter_table("collections") as collections:
        collections.drop_column("form_dimension")
