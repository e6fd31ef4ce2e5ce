"""What the ledger says of the stock of items, and what it has yet to hear."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_COLUMNS = ("stock_at", "stock_batch", "level_sequence", "level_on_hand", "level_elsewhere")


def upgrade() -> None:
    op.add_column("items", sa.Column("stock_at", sa.DateTime))
    op.add_column("items", sa.Column("stock_batch", sa.String(36)))
    op.add_column("items", sa.Column("level_sequence", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("items", sa.Column("level_on_hand", sa.BigInteger))
    op.add_column("items", sa.Column("level_elsewhere", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    for column in _COLUMNS:
        op.drop_column("items", column)
