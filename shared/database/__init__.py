"""A service's own database: engine from a URL, migrations, the outbox, and what takes erased bytes out of its files."""

from shared.database.compaction import Compaction
from shared.database.engine import Database, open
from shared.database.outbox import Outbox, Relay
from shared.database.pool_metrics import PoolCollector

__all__ = ["Compaction", "Database", "Outbox", "PoolCollector", "Relay", "open"]
