"""Copies: who consents, what is compared with what, what was found, and what people said of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0001"
branch_labels = None
depends_on = None

_COUNTING = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "lookalike_consents",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("consents", sa.Boolean, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "lookalike_pictures",
        sa.Column("number", _COUNTING, primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("model_version", sa.String(63), nullable=False),
        sa.Column("state", sa.String(7), nullable=False),
        sa.Column("sku", sa.String(128)),
        sa.Column("item_revision", sa.Integer, nullable=False),
        sa.Column("reference_id", sa.String(80)),
        sa.Column("view", sa.String(16)),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.UniqueConstraint("tenant", "subject", "model_version"),
    )
    op.create_index("ix_lookalike_pictures_state", "lookalike_pictures", ["state", "tenant", "number"])
    op.create_index("ix_lookalike_pictures_sku", "lookalike_pictures", ["tenant", "sku"])
    op.create_table(
        "lookalike_pieces",
        sa.Column("number", _COUNTING, primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("model_version", sa.String(63), nullable=False),
        sa.Column("box", sa.JSON, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("bits", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lookalike_pieces_subject", "lookalike_pieces", ["tenant", "subject", "model_version"])
    op.create_table(
        "lookalike_removed_items",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("sku", sa.String(128), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "lookalikes",
        sa.Column("number", _COUNTING, primary_key=True),
        sa.Column("lookalike_id", sa.String(40), nullable=False, unique=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("pair", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("degree", sa.String(16), nullable=False),
        sa.Column("evidence", sa.String(8), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("edits", sa.JSON, nullable=False),
        sa.Column("own_subject", sa.String(160), nullable=False),
        sa.Column("own", sa.JSON, nullable=False),
        sa.Column("other_tenant", sa.String(63)),
        sa.Column("other_subject", sa.String(160)),
        sa.Column("other", sa.JSON),
        sa.Column("found_at", sa.BigInteger, nullable=False),
        sa.Column("decided_at", sa.BigInteger),
        sa.UniqueConstraint("tenant", "pair"),
    )
    op.create_index("ix_lookalikes_state", "lookalikes", ["tenant", "state", "number"])
    op.create_index("ix_lookalikes_own", "lookalikes", ["tenant", "own_subject"])
    op.create_index("ix_lookalikes_other", "lookalikes", ["other_tenant", "other_subject"])
    op.create_table(
        "lookalike_allowed",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("own", sa.String(132), primary_key=True),
        sa.Column("other_tenant", sa.String(63), primary_key=True),
    )
    op.create_table(
        "lookalike_turns",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("holder", sa.String(36), nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("turns", "allowed", "removed_items", "pieces", "pictures", "consents"):
        op.drop_table(f"lookalike_{table}")
    op.drop_table("lookalikes")
