"""A service's own database: engine from a URL, migrations, the outbox, and what takes erased bytes out of its files."""

from shared.database.compaction import Compaction
from shared.database.engine import Database, open
from shared.database.outbox import Outbox, Relay

__all__ = ["Compaction", "Database", "Outbox", "Relay", "open"]
