"""Visits of who is not logged in, searches, and what suggestions were shown by.

The history is written anew: numbered as it came in, by shopper instead of by user, times as numbers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COUNTING = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.execute("CREATE TABLE events_before AS SELECT * FROM events")
    op.drop_table("events")
    op.create_table(
        "events",
        sa.Column("id", _COUNTING, primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("event_id", sa.String(128), nullable=False),
        sa.Column("shopper", sa.String(130), nullable=False),
        sa.Column("sku", sa.String(128)),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("search_id", sa.String(32)),
        sa.UniqueConstraint("tenant", "event_id"),
    )
    earlier = "min(at, recorded_at)" if _sqlite() else "least(at, recorded_at)"
    op.execute(
        "INSERT INTO events (tenant, event_id, shopper, sku, type, at, recorded_at) "
        f"SELECT tenant, event_id, 'u:' || user_id, sku, type, {_number(earlier)}, {_number('recorded_at')} "
        "FROM events_before ORDER BY recorded_at, event_id"
    )
    op.drop_table("events_before")
    op.create_index("ix_events_shopper", "events", ["tenant", "shopper", "at", "sku", "type"])
    op.create_index("ix_events_popular", "events", ["tenant", "at", "sku", "shopper", "type"])
    op.create_table(
        "event_counts",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("events", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO event_counts (tenant, events) SELECT tenant, count(*) FROM events GROUP BY tenant")
    op.create_table(
        "visits",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("session_id", sa.String(128), primary_key=True),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_visits_seen_at", "visits", ["seen_at"])
    op.add_column("impressions", sa.Column("variant", sa.String(80), nullable=False, server_default=""))
    op.add_column("impressions", sa.Column("session_id", sa.String(128)))
    op.add_column("impressions", sa.Column("propensities", sa.JSON))
    op.add_column("impressions", sa.Column("features", sa.JSON))
    op.create_index("ix_impressions_tenant", "impressions", ["tenant", "at"])


def downgrade() -> None:
    """Searches, and what was done in visits of nobody known, are lost."""
    op.drop_index("ix_impressions_tenant", "impressions")
    with op.batch_alter_table("impressions") as impressions:
        for column in ("features", "propensities", "session_id", "variant"):
            impressions.drop_column(column)
    op.drop_table("visits")
    op.drop_table("event_counts")
    op.execute(
        "CREATE TABLE events_after AS SELECT * FROM events WHERE sku IS NOT NULL AND substr(shopper, 1, 2) = 'u:'"
    )
    op.drop_table("events")
    op.create_table(
        "events",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("event_id", sa.String(128), primary_key=True),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("recorded_at", sa.DateTime, nullable=False),
    )
    op.execute(
        "INSERT INTO events (tenant, event_id, user_id, sku, type, at, recorded_at) "
        f"SELECT tenant, event_id, substr(shopper, 3), sku, type, {_date('at')}, {_date('recorded_at')} "
        "FROM events_after"
    )
    op.drop_table("events_after")
    op.create_index("ix_events_shopper", "events", ["tenant", "user_id", "at", "sku", "type"])
    op.create_index("ix_events_popular", "events", ["tenant", "at", "sku", "user_id", "type"])


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _number(moment: str) -> str:
    """Milliseconds since 1970 of a date as the table kept it."""
    if _sqlite():
        return f"CAST(round((julianday({moment}) - 2440587.5) * 86400000) AS INTEGER)"
    return f"CAST(extract(epoch FROM {moment}) * 1000 AS BIGINT)"


def _date(number: str) -> str:
    if _sqlite():
        return f"strftime('%Y-%m-%d %H:%M:%f', {number} / 1000.0, 'unixepoch')"
    return f"to_timestamp({number} / 1000.0) AT TIME ZONE 'UTC'"
