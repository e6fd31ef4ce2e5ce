"""What an operator may ask of a reindex: start, look, switch, abort."""

from __future__ import annotations

import structlog
from sqlalchemy.engine import Connection

from services.indexer import collections
from services.indexer.collections import Collection, every, writers_stopped
from services.indexer.filling import Filler
from services.indexer.points import collection_of, is_of_before
from services.indexer.progress import Progress, progress
from shared.contracts.models import CollectionStatus, Model, ReindexStart, ReindexStatus
from shared.database import Database
from shared.errors import Conflict
from shared.vectorstore import Directory

_SHOWN = 10
_log = structlog.get_logger(__name__)


class Reindex:
    """The index, from one collection to the next."""

    def __init__(self, database: Database, directory: Directory, filler: Filler) -> None:
        self._database = database
        self._directory = directory
        self._filler = filler

    def ensure_first(self, model: Model) -> None:
        """An index that has no collection gets one of this model, which is the active one at once.

        One whose newest collection is of an older schema is filled anew, of the same model, and is searched as it is
        until that is done: by pictures, not by words.
        """
        with writers_stopped(self._database) as rows:
            found = every(rows)
            if not found:
                collections.add(rows, 1, collection_of(model.version), model, "active", hold=False)
                found = every(rows)
        active = next(each for each in found if each.state == "active")
        if self._directory.active() is None:
            self._directory.open(active.name, active.model.dimension).close()
            self._directory.switch(active.name, active.model.model_dump())
        self._leave_old_schema()

    def start(self, asked: ReindexStart) -> ReindexStatus:
        """Begin to fill a new collection. Raises `Conflict` while another one is filled."""
        with writers_stopped(self._database) as rows:
            found = every(rows)
            if filling := _filling(found):
                raise Conflict(
                    f"The index is being filled by model {filling.model.version} already. "
                    "Wait until it is done, or abort it."
                )
            self._begin(rows, found, asked)
        return self.status()

    def _leave_old_schema(self) -> None:
        with writers_stopped(self._database) as rows:
            found = every(rows)
            filling = _filling(found)
            newest = filling or next(each for each in found if each.state == "active")
            if not is_of_before(newest.name):
                return
            if filling:
                collections.change(rows, filling.generation, state="dropping")
            self._begin(rows, found, ReindexStart(model=newest.model, hold=bool(filling and filling.hold)))
        _log.warning(
            "index_of_before",
            collection=newest.name,
            words=f"{newest.name} was made before pictures had words. It is filled anew from the analyses that are "
            "there; until then searches by words find nothing. `loupe reindex status` tells how far it is.",
        )

    def _begin(self, rows: Connection, found: list[Collection], asked: ReindexStart) -> None:
        generation = found[-1].generation + 1
        name = collection_of(asked.model.version, generation)
        self._directory.drop(name)  # what an index of before may have left under this name
        collections.add(rows, generation, name, asked.model, "filling", hold=asked.hold)

    def switch(self) -> ReindexStatus:
        """Switch now, held or not, without the pictures that were refused. Raises `Conflict` when some are missing."""
        with self._database.read() as session:
            rows = session.connection()
            filling = _must_fill(every(rows))
            lacking = progress(rows, filling.generation).missing
        if lacking or not self._filler.switch(filling.generation):
            raise Conflict(f"{lacking or 'Some'} pictures are still missing in {filling.name}. Wait until none is.")
        return self.status()

    def abort(self) -> ReindexStatus:
        """Give up the collection that is being filled. Raises `Conflict` when there is none, or it is searched."""
        with writers_stopped(self._database) as rows:
            filling = _must_fill(every(rows))
            active = self._directory.active()
            if active and active.name == filling.name:
                raise Conflict(f"{filling.name} is searched already: the switch is being completed.")
            collections.change(rows, filling.generation, state="dropping")
        return self.status()

    def status(self) -> ReindexStatus:
        with self._database.read() as session:
            rows = session.connection()
            found = every(rows)
            filling = _filling(found)
            now = progress(rows, filling.generation) if filling else Progress(0, 0, 0)
        return ReindexStatus(
            collections=[_shown(each) for each in reversed(found[-_SHOWN:])],
            total=now.total,
            done=now.done,
            waiting=now.missing,
            refused=now.refused,
            words=_words(found, filling, now),
        )


def _filling(found: list[Collection]) -> Collection | None:
    return next((each for each in found if each.state == "filling"), None)


def _must_fill(found: list[Collection]) -> Collection:
    filling = _filling(found)
    if filling is None:
        raise Conflict("No reindex is going on. Start one with `loupe reindex start --model VERSION`.")
    return filling


def _words(found: list[Collection], filling: Collection | None, now: Progress) -> str:
    active = next(each for each in found if each.state == "active")
    searched = f"Searches use {active.name}, of model {active.model.version}"
    if filling is None:
        old = [each.name for each in found if each.state in ("retired", "dropping")]
        return f"{searched}; {', '.join(old)} goes once nobody reads it." if old else f"{searched}. No reindex goes on."
    share = f"{now.done} of {now.total} pictures are in {filling.name}, of model {filling.model.version}"
    if now.missing:
        return f"{searched}. {share}; {now.missing} wait for an analysis or their turn."
    if now.refused:
        return (
            f"{searched}. {share}; {now.refused} cannot be analysed (the indexer's log names them: picture_refused). "
            "Upload them again, or `loupe reindex switch` to go on without them, or `loupe reindex abort`."
        )
    if filling.hold:
        return f"{searched}. {share}: all. `loupe reindex switch` makes it the one that is searched."
    return f"{searched}. {share}: all. The switch comes within seconds."


def _shown(collection: Collection) -> CollectionStatus:
    return CollectionStatus(
        name=collection.name,
        model_version=collection.model.version,
        dimension=collection.model.dimension,
        state=collection.state,
        created_at=collections.aware(collection.created_at),
        activated_at=collections.aware(collection.activated_at),
        retired_at=collections.aware(collection.retired_at),
    )
