"""Boards as they are told: each entry with its title and the address of its picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.gateway.boards.keeping import entries_of
from services.gateway.boards.tables import BoardRow
from services.gateway.listing import Listing
from services.gateway.signing import Signer
from shared.contracts.api import Item
from shared.contracts.boards import Board, BoardEntry, BoardList, BoardSummary, SharedBoard, SharedEntry, ShownEntry

_COVER = 4


class Showing:
    def __init__(self, listing: Listing, signer: Signer) -> None:
        self._listing = listing
        self._signer = signer

    def board(self, row: BoardRow) -> Board:
        entries = entries_of(row)
        return Board(
            board_id=row.board_id,
            title=row.title,
            entries=self._shown(row, entries, self._items(row.tenant, entries)),
            created_at=row.created_at,
            updated_at=row.updated_at,
            share_url=f"/boards/{row.share_id}" if row.share_id else None,
        )

    def all(self, tenant: str, rows: Sequence[BoardRow]) -> BoardList:
        covers = {row.board_id: [entry for entry in entries_of(row) if entry.words is None][:_COVER] for row in rows}
        items = self._items(tenant, (entry for entries in covers.values() for entry in entries))
        boards = [
            BoardSummary(
                board_id=row.board_id,
                title=row.title,
                entries=len(row.entries),
                updated_at=row.updated_at,
                shared=row.share_id is not None,
                image_urls=[
                    one.image_url for one in self._shown(row, covers[row.board_id], items) if one.image_url is not None
                ],
            )
            for row in rows
        ]
        return BoardList(boards=boards)

    def shared(self, row: BoardRow) -> SharedBoard:
        board = self.board(row)
        entries = [
            SharedEntry(**one.model_dump(include={"title", "words", "image_url", "negative", "note"}))
            for one in board.entries
            if not one.gone
        ]
        return SharedBoard(title=board.title, entries=entries, updated_at=board.updated_at)

    def _items(self, tenant: str, entries: Iterable[BoardEntry]) -> dict[str, Item]:
        return self._listing.items_of(tenant, {entry.sku for entry in entries if entry.sku})

    def _shown(self, row: BoardRow, entries: Sequence[BoardEntry], items: Mapping[str, Item]) -> list[ShownEntry]:
        shown = []
        for entry in entries:
            one = ShownEntry(**entry.model_dump())
            if entry.picture_id:
                one.image_url = self._signer.board_picture_url(row.tenant, row.board_id, entry.picture_id)
            elif entry.sku:
                item = items.get(entry.sku)
                one.title = item.title if item else None
                one.image_url = (
                    next((each.image_url for each in item.images if each.state != "rejected"), None) if item else None
                )
                one.gone = one.image_url is None
            shown.append(one)
        return shown
