"""One process at a time looks for copies: so every two pictures meet, and in memory numbers come in their order."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy.dialects import postgresql, sqlite

from services.authenticity.copies.tables import TurnRow
from shared import times
from shared.database import Database

HELD_FOR_MS = 30_000
"""How long a turn is its holder's without a further word: one that was killed holds up nobody for longer."""
_DIALECTS = {"postgresql": postgresql, "sqlite": sqlite}


class Turn:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._me = str(uuid4())

    def take(self) -> bool:
        """Whether it is this process's turn now, as it is from then on while it asks often."""
        now = times.now()
        with self._database.write() as session:
            insert = _DIALECTS[session.get_bind().dialect.name].insert(TurnRow)
            row = {"number": 1, "holder": self._me, "until": now + HELD_FOR_MS}
            session.connection().execute(insert.values(row).on_conflict_do_nothing())
            held = session.get_one(TurnRow, 1, with_for_update=True)
            if held.holder != self._me and held.until > now:
                return False
            held.holder, held.until = self._me, now + HELD_FOR_MS
            return True

    def give_back(self) -> None:
        """Let another one take it at once."""
        with self._database.write() as session:
            held = session.get(TurnRow, 1, with_for_update=True)
            if held and held.holder == self._me:
                held.until = 0
