"""Imports as they are composed: what shops ask for, and the loops that do it."""

from __future__ import annotations

from services.gateway.backlog import Backlog
from services.gateway.imports import running
from services.gateway.imports.jobs import Imports
from services.gateway.imports.keeping import ImportKeeper
from services.gateway.imports.running import ImportRunner
from services.gateway.imports.showing import Pictures
from services.gateway.imports.taking import Items
from services.gateway.settings import Settings
from shared import objectstore
from shared.database import Database


class Importing:
    """Imports as shops ask for them, and the loops that do them."""

    def __init__(
        self,
        settings: Settings,
        catalogue_database: Database,
        backlog: Backlog,
        items: Items,
        pictures: Pictures,
    ) -> None:
        files = objectstore.open(settings.object_store_url, "imports")
        runner = ImportRunner(catalogue_database, files, items, pictures, backlog.has_room)
        if settings.sole_worker:
            runner.take_over()
        self.jobs = Imports(catalogue_database, files, runner.wake)
        self.loops = [*[runner.run] * running.AT_ONCE, ImportKeeper(catalogue_database, files).run]
