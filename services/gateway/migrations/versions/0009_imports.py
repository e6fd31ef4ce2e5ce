"""Imports of whole catalogues, and what became of their rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("import_id", sa.String(36), primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("format", sa.String(16)),
        sa.Column("file", sa.String(200), nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("rows", sa.Integer),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("pictures", sa.JSON, nullable=False),
        sa.Column("unknown_columns", sa.JSON, nullable=False),
        sa.Column("problem", sa.JSON),
        sa.Column("claim", sa.String(32)),
        sa.Column("claimed_until", sa.DateTime),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
    )
    op.create_index("ix_imports_tenant_created_at", "imports", ["tenant", "created_at", "import_id"])
    op.create_index("ix_imports_state", "imports", ["state", "created_at"])
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.String(36), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("line", sa.Integer),
        sa.Column("file", sa.Text),
        sa.Column("sku", sa.String(128)),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("troubled", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("path", sa.String(200)),
    )
    op.create_index("ix_import_rows_outcome", "import_rows", ["import_id", "outcome", "number"])
    op.create_index("ix_import_rows_troubled", "import_rows", ["import_id", "troubled", "number"])


def downgrade() -> None:
    op.drop_table("import_rows")
    op.drop_table("imports")
