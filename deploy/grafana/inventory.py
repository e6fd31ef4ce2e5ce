"""Stock: how fresh the ledger is, and what follows from it."""

from __future__ import annotations

from deploy.grafana.asking import age, increase, quantile, rate
from deploy.grafana.panels import Board, Panel, Row, Series

_HOUR, _DAY = 3_600.0, 86_400.0

BOARD = Board(
    uid="loupe-inventory",
    title="Loupe: inventory",
    note="How fresh the ledger of the stock is, and the forecasts and advice made of it, of all shops together.",
    rows=[
        Row(
            "Is it fresh?",
            [
                Panel(
                    "Since the last movement",
                    "Of any shop. A day without one while shops sell: they do not tell their movements any more; look "
                    "at their keys and at the events by queue.",
                    "s",
                    [Series(age("loupe_inventory_last_movement_timestamp_seconds"), "ago")],
                    figures=True,
                    steps=((None, "green"), (_DAY, "orange"), (7 * _DAY, "red")),
                ),
                Panel(
                    "Oldest forecast",
                    "Of the shop whose forecasts and advice are oldest. Made each night; two days: read the "
                    "inventory's log for styles_failed.",
                    "s",
                    [Series(age("loupe_inventory_oldest_forecast_timestamp_seconds"), "made ago")],
                    figures=True,
                    steps=((None, "green"), (_DAY + 6 * _HOUR, "orange"), (2 * _DAY, "red")),
                ),
                Panel(
                    "Age of its queue",
                    "How long the oldest message for the inventory has waited: so late is the ledger.",
                    "s",
                    [Series('max(loupe_queue_oldest_seconds{queue="inventory"})', "oldest")],
                    figures=True,
                    steps=((None, "green"), (60.0, "orange"), (600.0, "red")),
                ),
                Panel(
                    "Levels mended in a day",
                    "Levels that were not what their movements make. Should always be 0; see LoupeLedgerMended.",
                    "none",
                    [Series(increase("loupe_inventory_mended_total", "1d"), "mended")],
                    figures=True,
                    steps=((None, "green"), (1.0, "red")),
                ),
            ],
            height=5,
        ),
        Row(
            "The ledger",
            [
                Panel(
                    "Movements",
                    "Recorded, and those that came twice and were known by their id.",
                    "ops",
                    [Series(rate("loupe_inventory_movements_total", "outcome"), "{{outcome}}")],
                ),
                Panel(
                    "Items by their stock",
                    "In stock, out of it, and those that nobody counts.",
                    "none",
                    [Series("max by (state) (loupe_inventory_items)", "{{state}}")],
                    stacked=True,
                ),
                Panel(
                    "From a movement to the catalogue",
                    "One movement in twenty took longer from its commit until its outcome was back.",
                    "s",
                    [Series(quantile(0.95, "loupe_outbox_outcome_seconds", "", 'message="stock.moved"'), "p95")],
                ),
            ],
        ),
        Row(
            "What follows from it",
            [
                Panel(
                    "Advice by kind",
                    "Pieces by what is advised to be done with them; `none` where nothing need be.",
                    "none",
                    [Series("max by (kind) (loupe_inventory_advice)", "{{kind}}")],
                    stacked=True,
                ),
                Panel(
                    "Runs of the night",
                    "Of styles, forecasts and advice, in a day, by how they ended. One that failed leaves what the run "
                    "before made, and is tried again.",
                    "none",
                    [Series(increase("loupe_inventory_style_runs_total", "1d", "outcome"), "{{outcome}}")],
                ),
                Panel(
                    "What a run takes",
                    "The last run of a shop. It is given up after INVENTORY_STYLE_MINUTES, 30 unless set.",
                    "s",
                    [Series("max(loupe_inventory_style_seconds)", "last run")],
                ),
            ],
        ),
    ],
)
