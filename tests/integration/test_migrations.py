"""Each service's migrations, up and down, make the tables that its code names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, inspect

from services.authenticity import main as authenticity
from services.authenticity import tables as authenticity_tables
from services.gateway import main as gateway
from services.gateway import tables as gateway_tables
from services.indexer import main as indexer
from services.indexer import tables as indexer_tables
from services.inventory import main as inventory
from services.inventory import tables as inventory_tables
from services.recommender import main as recommender
from services.recommender import tables as recommender_tables
from shared import database
from tests.support.databases import NewDatabase

SERVICES = [
    (gateway, gateway_tables.Base.metadata),
    (indexer, indexer_tables.metadata),
    (recommender, recommender_tables.Base.metadata),
    (inventory, inventory_tables.Base.metadata),
    (authenticity, authenticity_tables.Base.metadata),
]


@pytest.mark.parametrize(("service", "tables"), SERVICES)
def test_migrations_make_what_the_code_names_and_take_it_back(
    new_database: NewDatabase, service: object, tables: MetaData
) -> None:
    directory = _migrations(service)
    opened = database.open(new_database())
    for _ in range(2):
        opened.migrate(directory)
        opened.migrate(directory)
        with opened.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), tables) == []
        opened.revert(directory, "base")
        assert inspect(opened.engine).get_table_names() == ["alembic_version"]
    opened.close()


def test_services_that_start_at_once_migrate_once(new_database: NewDatabase) -> None:
    code = "import sys; from pathlib import Path; from shared import database\n"
    code += "database.open(sys.argv[1]).migrate(Path(sys.argv[2]))"
    command = [sys.executable, "-c", code, new_database(), str(_migrations(gateway))]
    starting = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in starting] == [0, 0, 0]


def _migrations(service: object) -> Path:
    return Path(str(getattr(service, "__file__", ""))).parent / "migrations"
