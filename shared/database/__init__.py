"""A service's own database: engine from a URL, migrations, and the outbox."""

from shared.database.engine import Database, open
from shared.database.outbox import Outbox, Relay

__all__ = ["Database", "Outbox", "Relay", "open"]
