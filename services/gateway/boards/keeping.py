"""A shop's boards: made, changed, shared, erased."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.gateway.boards.tables import BoardRow
from services.gateway.tables import Tenant
from shared.contracts.boards import MAX_BOARDS, BoardEntry, BoardIn
from shared.database import Database
from shared.errors import Conflict, NotFound


class Boards:
    """The boards in a catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant: str, board: BoardIn) -> BoardRow:
        """Raises `Conflict` when the shop has as many as it may."""
        now = datetime.now(UTC)
        row = BoardRow(
            tenant=tenant,
            board_id=f"bd_{secrets.token_hex(12)}",
            title=board.title,
            entries=_kept(board.entries),
            created_at=now,
            updated_at=now,
        )
        count = select(func.count()).select_from(BoardRow).where(BoardRow.tenant == tenant)
        with self._database.write() as session:
            session.get(Tenant, tenant, with_for_update=True)  # two that are made at once are counted one after another
            if session.execute(count).scalar_one() >= MAX_BOARDS:
                raise Conflict(f"The shop has {MAX_BOARDS} boards already. Remove those that nobody needs.")
            session.add(row)
        return row

    def list(self, tenant: str) -> list[BoardRow]:
        """The one changed last first."""
        mine = select(BoardRow).where(BoardRow.tenant == tenant)
        with self._database.read() as session:
            rows = session.execute(mine.order_by(BoardRow.updated_at.desc(), BoardRow.board_id))
            return list(rows.scalars())

    def get(self, tenant: str, board_id: str) -> BoardRow:
        """Raises `NotFound`."""
        with self._database.read() as session:
            return _found(session.get(BoardRow, (tenant, board_id)), board_id)

    def put(self, tenant: str, board_id: str, board: BoardIn) -> BoardRow:
        """Replace what is on it. Raises `NotFound`."""
        with self._database.write() as session:
            row = _locked(session, tenant, board_id)
            row.title, row.entries, row.updated_at = board.title, _kept(board.entries), datetime.now(UTC)
            return row

    def share(self, tenant: str, board_id: str) -> BoardRow:
        """Shared by an address that nobody can guess; one that is shared keeps its address. Raises `NotFound`."""
        with self._database.write() as session:
            row = _locked(session, tenant, board_id)
            row.share_id = row.share_id or secrets.token_hex(16)
            return row

    def unshare(self, tenant: str, board_id: str) -> BoardRow:
        """The address leads nowhere from now on, and is never given again. Raises `NotFound`."""
        with self._database.write() as session:
            row = _locked(session, tenant, board_id)
            row.share_id = None
            return row

    def remove(self, tenant: str, board_id: str) -> None:
        """Raises `NotFound`."""
        with self._database.write() as session:
            session.delete(_locked(session, tenant, board_id))

    def shared(self, share_id: str) -> BoardRow:
        """The board of whichever shop that was shared so. Raises `NotFound`."""
        with self._database.read() as session:
            row = session.execute(select(BoardRow).where(BoardRow.share_id == share_id)).scalar_one_or_none()
        if row is None:
            raise NotFound("There is no board at this address, or it is not shared any more.")
        return row


def entries_of(row: BoardRow) -> list[BoardEntry]:
    return [BoardEntry.model_validate(entry) for entry in row.entries]


def _kept(entries: Sequence[BoardEntry]) -> list[dict[str, object]]:
    return [entry.model_dump(exclude_defaults=True) for entry in entries]


def _locked(session: Session, tenant: str, board_id: str) -> BoardRow:
    return _found(session.get(BoardRow, (tenant, board_id), with_for_update=True), board_id)


def _found(row: BoardRow | None, board_id: str) -> BoardRow:
    if row is None:
        raise NotFound(f"The shop has no board {board_id!r}. GET /v1/boards lists all.")
    return row
