"""What the indexer's database needs that was restored from a backup."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import update

from services.indexer.tables import collections
from shared.database import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


def after_restore(database: Database) -> None:
    """Bring it up to date. No collection is there; the active one is made at the start and filled by the comparison
    with the catalogue, the others are given up: a reindex that went on is to be started again."""
    database.migrate(_MIGRATIONS)
    with database.write() as session:
        others = update(collections).where(collections.c.state.in_(("filling", "retired", "dropping")))
        session.connection().execute(others.values(state="dropped"))
