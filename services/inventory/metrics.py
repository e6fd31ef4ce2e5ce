"""What the inventory counts beside the metrics that every service has."""

from __future__ import annotations

from prometheus_client import Counter

MOVEMENTS = Counter(
    "loupe_inventory_movements_total", "Movements of stock: recorded, or repeated (known by their id)", ["outcome"]
)
for _outcome in ("recorded", "repeated"):
    MOVEMENTS.labels(_outcome)  # 0 from the start
MENDED = Counter("loupe_inventory_mended_total", "Items whose levels were not what their movements make; always 0")
