"""Keys get a public id, a name, scopes, a rate limit of their own and the time they were last used."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = ("key_id", "name", "scopes", "rate_limit", "last_used_at")
_KEYS = sa.table(
    "api_keys", sa.column("key_hash"), sa.column("key_id"), sa.column("name"), sa.column("scopes", sa.JSON)
)


def upgrade() -> None:
    """A key that was there keeps all that it could do: every scope but admin."""
    with op.batch_alter_table("api_keys") as table:
        table.add_column(sa.Column("key_id", sa.String(16)))
        table.add_column(sa.Column("name", sa.String(63)))
        table.add_column(sa.Column("scopes", sa.JSON))
        table.add_column(sa.Column("rate_limit", sa.Integer))
        table.add_column(sa.Column("last_used_at", sa.DateTime))
    connection = op.get_bind()
    for key_hash in connection.execute(sa.select(_KEYS.c.key_hash)).scalars().all():
        connection.execute(
            _KEYS.update()
            .where(_KEYS.c.key_hash == key_hash)
            .values(key_id=f"k_{secrets.token_hex(6)}", name="first", scopes=["read", "write", "events"])
        )
    with op.batch_alter_table("api_keys") as table:
        table.alter_column("key_id", existing_type=sa.String(16), nullable=False)
        table.alter_column("name", existing_type=sa.String(63), nullable=False)
        table.alter_column("scopes", existing_type=sa.JSON(), nullable=False)
        table.create_unique_constraint("uq_api_keys_key_id", ["key_id"])
        table.create_index("ix_api_keys_tenant", ["tenant"])


def downgrade() -> None:
    with op.batch_alter_table("api_keys") as table:
        table.drop_index("ix_api_keys_tenant")
        table.drop_constraint("uq_api_keys_key_id", type_="unique")
        for column in _COLUMNS:
            table.drop_column(column)
