"""What comes in: from an upload to where it can be found, what waits where, and what is told to shops."""

from __future__ import annotations

from deploy.grafana.asking import age, increase, quantile, quantiles, rate
from deploy.grafana.panels import Board, Panel, Row, Series

BOARD = Board(
    uid="loupe-ingest",
    title="Loupe: ingest",
    note="Pictures, changes and events on their way in, from the upload until they count, and events on their way out.",
    rows=[
        Row(
            "From upload to searchable",
            [
                Panel(
                    "Pictures accepted and their outcomes",
                    "Accepted by the gateway, and what became of them. Rejected rises: GET /v1/images?state=rejected "
                    "gives each reason.",
                    "ops",
                    [
                        Series(rate("loupe_picture_bytes_count"), "accepted"),
                        Series(rate("loupe_pictures_total", "outcome"), "{{outcome}}"),
                    ],
                ),
                Panel(
                    "From upload to searchable",
                    "How long a picture takes from its commit until its outcome is back. During an import it is the "
                    "length of the queue; with nothing to do it is a second or two.",
                    "s",
                    quantiles("loupe_outbox_outcome_seconds", 'message="image.stored"'),
                ),
                Panel(
                    "Pictures in the catalogue by state",
                    "Stored and analysed are on their way. They fall to 0 when the import is over.",
                    "none",
                    [Series("sum by (state) (loupe_catalogue_pictures)", "{{state}}")],
                ),
            ],
        ),
        Row(
            "The outbox",
            [
                Panel(
                    "Messages without an outcome",
                    "Accepted, and not worked off yet. Falls to 0 by itself once every part runs.",
                    "none",
                    [Series("max(loupe_outbox_open)", "open")],
                ),
                Panel(
                    "Lag of the outbox",
                    "From the commit of a message until it is sent to the broker the first time. Above a second "
                    "without an import: the broker does not answer, or the relay is short of its database.",
                    "s",
                    quantiles("loupe_outbox_lag_seconds"),
                ),
                Panel(
                    "Until the outcome, by message, p95",
                    "From the commit until the outcome is back, of each kind of message. One that is slow alone names "
                    "the service that is behind.",
                    "s",
                    [Series(quantile(0.95, "loupe_outbox_outcome_seconds", "message"), "{{message}}")],
                ),
                Panel(
                    "Messages sent again",
                    "Outcomes stayed away, so the outbox sent these once more. More than a few after a restart: the "
                    "broker or a worker loses messages.",
                    "ops",
                    [Series(rate("loupe_outbox_resent_total", "message"), "{{message}}")],
                ),
            ],
        ),
        Row(
            "Queues",
            [
                Panel(
                    "Queue age",
                    "How long the oldest bundle has waited. Depth alone is no alarm: an import makes it deep. Age "
                    "above a minute outside imports is one.",
                    "s",
                    [Series("max by (queue) (loupe_queue_oldest_seconds)", "{{queue}}")],
                ),
                Panel(
                    "Queue depth",
                    "Bundles of messages that wait or are in work. A queue that only grows: its service is down or too "
                    "slow. Scale the embedder first.",
                    "none",
                    [
                        Series("max by (queue) (loupe_queue_waiting)", "{{queue}} waiting"),
                        Series("max by (queue) (loupe_queue_working)", "{{queue}} in work"),
                    ],
                ),
                Panel(
                    "Wait in the queue, p95",
                    "One bundle in twenty waited longer for a worker. As queue age, but of what was taken.",
                    "s",
                    [Series(quantile(0.95, "loupe_message_wait_seconds", "service"), "{{service}}")],
                ),
            ],
        ),
        Row(
            "Where the time goes",
            [
                Panel(
                    "The embedder by stage, p95",
                    "Of one picture: read from the object store, decode, find its pieces, prepare them, forward "
                    "(with the wait for a batch), describe them, write the analysis. The longest is what to mend.",
                    "s",
                    [Series(quantile(0.95, "loupe_embedder_stage_seconds", "stage"), "{{stage}}")],
                ),
                Panel(
                    "The embedder by stage, share of time",
                    "Seconds of work a second in each stage, one upon the other: their sum is how many pictures are in "
                    "work at once.",
                    "none",
                    [Series(rate("loupe_embedder_stage_seconds_sum", "stage"), "{{stage}}")],
                    stacked=True,
                ),
            ],
        ),
        Row(
            "Message handlers",
            [
                Panel(
                    f"Message handlers, p{percent}",
                    note,
                    "s",
                    [
                        Series(
                            quantile(percent / 100, "loupe_message_seconds", "service, message"),
                            "{{service}} {{message}}",
                        )
                    ],
                )
                for percent, note in (
                    (
                        50,
                        "Half take less. Those of a picture: the embedder's image.stored, the indexer's "
                        "image.analysed.",
                    ),
                    (95, "One message in twenty takes longer. The embedder's includes waiting for its batch."),
                )
            ],
            height=9,
        ),
        Row(
            "What does not go as it should",
            [
                Panel(
                    "Messages tried again or given up",
                    "Tried again: a part was away for a moment. Given up: a dead letter with its reason, see "
                    "message_died in the service's log.",
                    "ops",
                    [
                        Series(
                            rate("loupe_messages_total", "service, outcome", 'outcome!="ok"'), "{{service}} {{outcome}}"
                        )
                    ],
                ),
                Panel(
                    "Pictures analysed alone",
                    "A picture that came back after its embedder died is analysed alone. Killed: it ended that process "
                    "too. Quarantined: it did so again, and is rejected; its shop is told. Many: the embedder is short "
                    "of memory.",
                    "ops",
                    [Series(rate("loupe_embedder_alone_total", "outcome"), "{{outcome}}")],
                ),
                Panel(
                    "Processes ended by pictures",
                    "Pictures that took too much time or memory to open, or crashed who opened them, in a child that "
                    "is made again. Many: somebody sends pictures made for it; see LoupeHostilePictures.",
                    "ops",
                    [
                        Series(rate("loupe_embedder_decoders_ended_total", "how"), "decoding: {{how}}"),
                        Series(rate("loupe_gateway_header_readers_ended_total", "how"), "headers: {{how}}"),
                    ],
                ),
            ],
        ),
        Row(
            "Stores compared",
            [
                Panel(
                    "Differences found",
                    "What the comparison of catalogue, objects and index found and repaired in a day. Orphans are "
                    "cleared away by design; anything else has a cause, see LoupeStoresDiffer.",
                    "none",
                    [Series(increase("loupe_reconcile_found_total", "1d", "kind"), "{{kind}}")],
                ),
                Panel(
                    "Since the last comparison",
                    "Of the shop that waits longest. Every six hours unless set otherwise; a day is too long.",
                    "s",
                    [Series(age("loupe_reconcile_last_success_timestamp_seconds"), "ago")],
                ),
                Panel(
                    "Rows of imports",
                    "By what became of each. Failed ones are in the import's file of errors.",
                    "ops",
                    [Series(rate("loupe_import_rows_total", "outcome"), "{{outcome}}")],
                ),
                Panel(
                    "Events of shops by queue",
                    "By what became of them, and the age of the oldest that is not handled, in seconds.",
                    "short",
                    [
                        Series(rate("loupe_shop_events_total", "outcome"), "{{outcome}}"),
                        Series("max(loupe_shop_event_age_seconds)", "oldest, seconds"),
                    ],
                ),
            ],
        ),
        Row(
            "Webhooks",
            [
                Panel(
                    "Tries by what came of them",
                    "Delivered: the receiver took the event. Refused: it answered something else than 2xx. "
                    "Unreachable: no answer. Either is tried again for a day; when all of a shop's fail, its receiver "
                    "is down: the deliveries of its webhook say why.",
                    "ops",
                    [Series(rate("loupe_webhook_attempts_total", "outcome"), "{{outcome}}")],
                ),
                Panel(
                    "How long receivers take, p95",
                    "Up to 15 seconds, then the try has failed. A slow receiver holds up nobody else's events.",
                    "s",
                    [Series(quantile(0.95, "loupe_webhook_seconds"), "p95")],
                ),
                Panel(
                    "Events on their way to webhooks",
                    "Grows while receivers are down, and falls for good after a day. Growing though most tries "
                    "succeed: events are made faster than receivers take them.",
                    "none",
                    [Series("max(loupe_webhook_waiting)", "waiting")],
                ),
                Panel(
                    "Given up in a day",
                    "Events that were tried for a day, and webhooks that were disabled: gone, the receiver said so; "
                    "failing, nothing arrived for a day. The shop hears of it by itself.",
                    "none",
                    [
                        Series(increase("loupe_webhook_given_up_total", "1d"), "events"),
                        Series(increase("loupe_webhooks_disabled_total", "1d", "why"), "webhooks, {{why}}"),
                    ],
                ),
            ],
        ),
    ],
)
