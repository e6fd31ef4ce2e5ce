"""References with their versions and pictures; verifications; the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registered_references",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("reference_id", sa.String(36), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("sku", sa.String(128)),
        sa.Column("protected", sa.Boolean, nullable=False),
        sa.Column("public_id", sa.String(32), unique=True),
        sa.Column("said", sa.JSON, nullable=False),
        sa.Column("registered_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_registered_references_sku", "registered_references", ["tenant", "sku"])
    op.create_index(
        "ix_registered_references_protected", "registered_references", ["protected", "tenant", "reference_id"]
    )
    op.create_table(
        "reference_versions",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("reference_id", sa.String(36), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("seal", sa.JSON, nullable=False),
    )
    op.create_table(
        "reference_pictures",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("reference_id", sa.String(36), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("view", sa.String(8), nullable=False),
        sa.Column("sent_sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("measured", sa.JSON),
        sa.Column("model_version", sa.String(63)),
        sa.Column("vector", sa.LargeBinary),
    )
    op.create_table(
        "verifications",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("verification_id", sa.String(36), primary_key=True),
        sa.Column("reference_id", sa.String(36)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("seal", sa.JSON, nullable=False),
    )
    op.create_index("ix_verifications_expires_at", "verifications", ["expires_at"])
    op.create_index("ix_verifications_reference", "verifications", ["tenant", "reference_id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(255), nullable=False, unique=True),
        sa.Column("message", sa.String(64), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("late_at", sa.DateTime),
        sa.Column("overdue_at", sa.DateTime),
    )
    op.create_index("ix_outbox_late_at", "outbox", ["late_at"])
    op.create_index("ix_outbox_overdue_at", "outbox", ["overdue_at"])


def downgrade() -> None:
    for table in ("outbox", "verifications", "reference_pictures", "reference_versions", "registered_references"):
        op.drop_table(table)
