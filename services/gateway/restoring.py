"""What a catalogue needs that was restored from a backup."""

from __future__ import annotations

from sqlalchemy import select

from services.gateway.reconcile import begin
from services.gateway.tables import MIGRATIONS, Reconciliation, Tenant
from shared.database import Database


def after_restore(database: Database) -> None:
    """Bring it up to date, and have every shop's stores compared as soon as a gateway runs: that makes the index again,
    from the analyses, and finds what the catalogue was told after the backup."""
    database.migrate(MIGRATIONS)
    with database.write() as session:
        for tenant in session.execute(select(Tenant.tenant)).scalars().all():
            begin(session, tenant, session.get(Reconciliation, tenant))
