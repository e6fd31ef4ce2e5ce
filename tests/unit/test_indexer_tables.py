"""The indexer's migrations and its tables tell the same."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.indexer import main
from services.indexer.tables import metadata
from shared import database


def test_the_migrations_make_the_tables_that_the_code_names(tmp_path: Path) -> None:
    state = database.open(f"sqlite:///{tmp_path}/indexer.db")
    state.migrate(Path(main.__file__).parent / "migrations")
    with state.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    state.close()
