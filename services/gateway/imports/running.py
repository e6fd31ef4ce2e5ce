"""The imports at work: a few at a time, one of a shop at a time, each over restarts until it is done."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import insert, select

from services.gateway.imports import metrics
from services.gateway.imports.claims import Claims, Job, mine
from services.gateway.imports.showing import Pictures
from services.gateway.imports.tables import ImportedRow
from services.gateway.imports.taking import Items
from services.gateway.tables import Item
from shared.contracts.imports import RowOutcome
from shared.database import Database
from shared.errors import LoupeError, Permanent, Retryable
from shared.imports.reading import opened
from shared.imports.rows import Row
from shared.imports.tables import Source
from shared.objectstore import ObjectStore
from shared.observability import logs
from shared.observability.http import problem_of

AT_ONCE = 2
"""Loops of one gateway."""
_RENEW_SECONDS = 5.0
_POLL_SECONDS = 1.0
_PAUSE = timedelta(seconds=5)
_ROWS = 100
_PICTURES = 64
_MAX_REASON = 2_000
_log = structlog.get_logger(__name__)


class ImportRunner:
    """Safe to run in several threads and gateways: who works on an import holds its claim."""

    def __init__(
        self,
        database: Database,
        files: ObjectStore,
        items: Items,
        pictures: Pictures,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        """`has_room` tells whether more pictures are taken at this moment: an import waits until they are."""
        self._database = database
        self._files = files
        self._items = items
        self._pictures = pictures
        self._has_room = has_room
        self._claims = Claims(database)
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def take_over(self) -> None:
        """Give up the claims of whoever died. To be called by the only gateway, before it runs."""
        self._claims.give_up_all()

    def run(self, stop: threading.Event) -> None:
        """Import what waits, and what somebody died over, until `stop` is set."""
        while not stop.is_set():
            self._woken.clear()
            try:
                job = self._claims.take()
            except Retryable as error:
                _log.warning("imports_wait", detail=error.detail)
                job = None
            if job is None:
                self._woken.wait(_POLL_SECONDS)
                continue
            with logs.bound(tenant=job.tenant, correlation_id=f"import-{job.import_id}"):
                self._work(job, stop)

    def _work(self, job: Job, stop: threading.Event) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="loupe-import-") as folder:
                self._import(job, Path(folder) / "file", stop)
        except Retryable as error:
            _log.warning("import_waits", detail=error.detail)
            self._release(job, _PAUSE)
        except Permanent as error:
            self._end(job, "failed", error)
        except Exception:  # noqa: BLE001 - a fault of ours must not be met again and again by all shops' imports
            _log.exception("import_failed")
            self._end(job, "failed", LoupeError("This is a fault of Loupe, not of the file. Tell the operator."))

    def _import(self, job: Job, path: Path, stop: threading.Event) -> None:
        with path.open("wb") as target:
            self._files.fetch(job.tenant, job.import_id, target)
        renewed = time.monotonic()

        def going_on() -> bool:
            nonlocal renewed
            if time.monotonic() - renewed > _RENEW_SECONDS:
                renewed = time.monotonic()
                return not stop.is_set() and self._claims.renew(job)
            return not stop.is_set()

        with opened(path, job.format, lambda skus: self._known(job.tenant, skus)) as source:
            if job.rows is None and not self._look_through(job, source):
                return
            for chunk in _chunks(source.groups(), job.done):
                while not job.dry_run and not self._has_room() and going_on():
                    stop.wait(_POLL_SECONDS)
                if not going_on() or not self._take_items(job, chunk):
                    break
                show = self._pictures.try_out if job.dry_run else self._pictures.take
                shown = show(job.tenant, source, chunk, going_on)
                if shown is None or not self._note_pictures(job, chunk, shown.counts, shown.troubles):
                    break
            else:
                self._end(job, "done")
                return
        self._release(job)

    def _look_through(self, job: Job, source: Source) -> bool:
        """Read it all once, so that a file which cannot be read to its end changes nothing; whether to go on."""
        rows = sum(len(group) for group in source.groups())
        with self._database.write() as session:
            row = mine(session, job)
            if row is None:
                return False
            row.rows, row.format, row.unknown_columns = rows, source.format, source.unknown[:100]
        return True

    def _take_items(self, job: Job, chunk: Sequence[Row]) -> bool:
        """The items of these rows, in one transaction with their outcomes; whether to go on."""
        with self._database.together(), self._database.write() as session:
            row = mine(session, job)
            if row is None:
                return False
            if session.get(ImportedRow, (job.import_id, chunk[0].number)):
                return True  # somebody came so far and died over the pictures
            taken = self._items.take(job.tenant, job.import_id, chunk, dry_run=job.dry_run)
            faults = {each.number: taken.faults.get(each.number, each.fault) for each in chunk}
            noted = [
                _noted(job, replace(each, fault=faults[each.number]), taken.outcomes[each.number]) for each in chunk
            ]
            session.execute(insert(ImportedRow), noted)
            counted = Counter(taken.outcomes.values())
            row.counts = {**row.counts, **{name: row.counts.get(name, 0) + n for name, n in counted.items()}}
        for outcome, count in counted.items():
            metrics.ROWS.labels(outcome).inc(count)
        return True

    def _note_pictures(
        self, job: Job, chunk: Sequence[Row], counts: Mapping[str, int], troubles: Mapping[int, Sequence[str]]
    ) -> bool:
        with self._database.write() as session:
            row = mine(session, job)
            if row is None:
                return False
            of_import = select(ImportedRow).where(ImportedRow.import_id == job.import_id)
            for noted in session.scalars(of_import.where(ImportedRow.number.in_(troubles))).all():
                told = troubles[noted.number]
                noted.reason = " ".join([*([noted.reason] if noted.reason else []), *told])[:_MAX_REASON]
                noted.path, noted.troubled = noted.path or "images", True
            row.pictures = {**row.pictures, **{name: row.pictures.get(name, 0) + n for name, n in counts.items()}}
            row.done += len(chunk)
        for outcome, count in counts.items():
            metrics.PICTURES.labels(outcome).inc(count)
        return True

    def _known(self, tenant: str, skus: Collection[str]) -> set[str]:
        """Those of these SKUs that are items of the shop."""
        asked, known = sorted(skus), set()
        with self._database.read() as session:
            for start in range(0, len(asked), 500):
                some = Item.sku.in_(asked[start : start + 500])
                known |= {
                    *session.scalars(select(Item.sku).where(Item.tenant == tenant, some, Item.removed.is_(False)))
                }
        return known

    def _release(self, job: Job, pause: timedelta = timedelta()) -> None:
        try:
            self._claims.release(job, pause)
        except Retryable as error:
            _log.warning("import_not_released", detail=error.detail)  # the claim ends by itself

    def _end(self, job: Job, state: str, why: LoupeError | None = None) -> None:
        try:
            with self._database.write() as session:
                row = mine(session, job)
                if row is None:
                    return
                row.state, row.finished_at = state, datetime.now(UTC)
                row.problem = problem_of(why).model_dump(mode="json", exclude_none=True) if why else None
                row.claim = row.claimed_until = None
            self._files.delete(job.tenant, job.import_id)
        except Retryable as error:
            _log.warning("import_not_ended", detail=error.detail)
            return
        metrics.IMPORTS.labels(state).inc()
        _log.info("import_ended", state=state, counts=row.counts, pictures=row.pictures)


def _chunks(groups: Iterable[Sequence[Row]], done: int) -> Iterator[list[Row]]:
    """Whole groups, some hundred rows at a time, after the first `done` rows."""
    chunk: list[Row] = []
    for group in groups:
        if done > 0:
            done -= len(group)
            continue
        chunk += group
        if len(chunk) >= _ROWS or sum(len(row.pictures) for row in chunk) >= _PICTURES:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _noted(job: Job, row: Row, outcome: RowOutcome) -> dict[str, object]:
    reason = " ".join([*([row.fault.reason] if row.fault else []), *row.notes])[:_MAX_REASON]
    return {
        "import_id": job.import_id,
        "number": row.number,
        "line": row.line,
        "file": _kept(row.file),
        "sku": _kept(row.sku) or None,
        "outcome": outcome,
        "troubled": bool(reason),
        "reason": _kept(reason) or None,
        "path": _kept(row.fault.path) if row.fault else None,
    }


def _kept(text: str | None) -> str | None:
    """Without the one character that PostgreSQL does not keep."""
    return text.replace("\0", "\ufffd") if text else text
