"""Is it well: each service by its rate, errors and duration, each resource by its use, saturation and errors."""

from __future__ import annotations

from deploy.grafana.asking import failing, increase, quantile, rate
from deploy.grafana.panels import Board, Panel, Row, Series

_ASKED = 'route!~"/metrics|/readyz|/healthz|unmatched"'
_RED_FROM_1 = ((None, "green"), (1.0, "red"))

BOARD = Board(
    uid="loupe",
    title="Loupe",
    note="Is it well, what goes wrong, how long it takes, what is full. Each panel's note says what to do. "
    "The other boards are behind the link at the top.",
    rows=[
        Row(
            "Is it well?",
            [
                Panel(
                    "Services",
                    "Whether Prometheus reaches each service. Down: look at its log; its supervisor or Docker starts "
                    "it again. Nothing accepted is lost meanwhile.",
                    "none",
                    [Series("min by (job) (up)", "{{job}}")],
                    figures=True,
                    words=("down", "up"),
                    steps=((None, "red"), (1.0, "green")),
                ),
                Panel(
                    "Broker and catalogue, as the gateway sees them",
                    "Broker down: uploads are still accepted and wait in the outbox. Catalogue down: nothing is "
                    "accepted until PostgreSQL is back.",
                    "none",
                    [Series("min(loupe_broker_up)", "broker"), Series("min(loupe_database_up)", "catalogue")],
                    figures=True,
                    words=("down", "up"),
                    steps=((None, "red"), (1.0, "green")),
                ),
                Panel(
                    "Oldest message without an outcome",
                    "How long an accepted picture, change or event has waited to be worked off. Red after 15 minutes: "
                    "find the queue that stands still on the board of ingest, and read the log of its service.",
                    "s",
                    [Series("max(loupe_outbox_oldest_seconds)", "oldest")],
                    figures=True,
                    steps=((None, "green"), (60.0, "orange"), (900.0, "red")),
                ),
                Panel(
                    "Dead letters",
                    "Messages that no retry could save. Each is kept with its reason in the gateway's database; the "
                    "pictures among them are rejected and the shop is told.",
                    "none",
                    [Series("max(loupe_dead_letters)", "dead letters")],
                    figures=True,
                    steps=_RED_FROM_1,
                ),
                Panel(
                    "Differences found in a day",
                    "What the comparison of catalogue, objects and index found and repaired, orphans left out, which "
                    "are cleared away. Normally 0; see the runbook of LoupeStoresDiffer.",
                    "none",
                    [Series(increase("loupe_reconcile_found_total", "1d", where='kind!~"orphan-.*"'), "found")],
                    figures=True,
                    steps=_RED_FROM_1,
                ),
            ],
            height=5,
        ),
        Row(
            "Each service: rate, errors, duration",
            [
                Panel(
                    "HTTP requests",
                    "Requests a second by service. The gateway's are shops' and shoppers'; the others' are the "
                    "gateway's, and follow them.",
                    "reqps",
                    [Series(rate("loupe_http_requests_total", "service"), "{{service}}")],
                ),
                Panel(
                    "HTTP requests that failed",
                    "Share of each service's requests that were answered with an error of ours (5xx); 503 is a part "
                    "that does not answer, and the caller may send again. Above 1%: read the service's log for "
                    "request_failed and request_refused.",
                    "percentunit",
                    [Series(failing("loupe_http_requests_total", 'status=~"5.."', "service"), "{{service}}")],
                ),
                Panel(
                    "HTTP requests, p95",
                    "One request in twenty of a service is slower. Which route it is, the panels of routes tell.",
                    "s",
                    [Series(quantile(0.95, "loupe_http_request_seconds", "service", _ASKED), "{{service}}")],
                ),
            ],
        ),
        Row(
            "Each service: its messages",
            [
                Panel(
                    "Messages handled",
                    "Messages a second by the service that handles them. An import shows here first.",
                    "ops",
                    [Series(rate("loupe_messages_total", "service"), "{{service}}")],
                ),
                Panel(
                    "Messages that failed",
                    "Share that was tried again or given up. Tried again: a part was away for a moment. Given up: a "
                    "dead letter with its reason, see message_died in the service's log.",
                    "percentunit",
                    [Series(failing("loupe_messages_total", 'outcome!="ok"', "service"), "{{service}}")],
                ),
                Panel(
                    "Message handlers, p95",
                    "One message in twenty takes longer to handle. Which it is, the board of ingest tells.",
                    "s",
                    [Series(quantile(0.95, "loupe_message_seconds", "service"), "{{service}}")],
                ),
            ],
        ),
        Row(
            "What is used up: processors, memory, files",
            [
                Panel(
                    "Processors in use",
                    "Cores that each service keeps busy. At its limit (compose: cpus) it waits for itself: give it "
                    "more, or start another.",
                    "none",
                    [Series("sum by (job) (rate(process_cpu_seconds_total[$__rate_interval]))", "{{job}}")],
                ),
                Panel(
                    "Memory",
                    "Resident memory of each service. One that only grows for days leaks; at its limit (compose: "
                    "mem_limit) it is killed and started again.",
                    "bytes",
                    [Series("sum by (job) (process_resident_memory_bytes)", "{{job}}")],
                ),
                Panel(
                    "Open files",
                    "Share of the files and connections that a process may have open. Near 1 it can accept none.",
                    "percentunit",
                    [Series("max by (job) (process_open_fds / process_max_fds)", "{{job}}")],
                    most=1,
                ),
                Panel(
                    "Memory of the broker",
                    "What waits in its queues, and what it counts. Grows with the queues; at its maxmemory it refuses, "
                    "and what is accepted waits in the outbox.",
                    "bytes",
                    [Series("max(loupe_broker_memory_bytes)", "broker")],
                ),
            ],
        ),
        Row(
            "What is used up: threads, connections, room for work",
            [
                Panel(
                    "Threads that handle messages",
                    "Share of the time that a service's threads are handling messages. Near 1 while its queue is old: "
                    "it is the bottleneck, start another or give it more threads.",
                    "percentunit",
                    [
                        Series(
                            f"{rate('loupe_message_seconds_sum', 'job')} / sum by (job) (loupe_worker_threads)",
                            "{{job}}",
                        )
                    ],
                    most=1,
                ),
                Panel(
                    "Connections to databases",
                    "Share of the connections that a service may open that are in use. At 1 requests wait, then fail "
                    "with 503.",
                    "percentunit",
                    [
                        Series(
                            'max by (service) (loupe_database_connections{state="used"} / ignoring (state) '
                            'loupe_database_connections{state="most"})',
                            "{{service}}",
                        )
                    ],
                    most=1,
                ),
                Panel(
                    "Requests in hand",
                    "HTTP requests that wait for their answer. Grows when what it asks is slow; the gateway refuses "
                    "beyond GATEWAY_REQUESTS_AT_ONCE.",
                    "none",
                    [Series("sum by (service) (loupe_http_requests_in_hand)", "{{service}}")],
                ),
                Panel(
                    "Room for accepted work",
                    "Share of the messages without an outcome that may be. From 1 on pictures are refused, and shops "
                    "are told when to come back.",
                    "percentunit",
                    [Series("max(loupe_outbox_open) / max(loupe_outbox_limit)", "in use")],
                    most=1,
                ),
            ],
        ),
        Row(
            "Errors",
            [
                Panel(
                    "HTTP answers that are not success",
                    "4xx: a shop sends what cannot be taken. 5xx: ours; 503 is a part that does not answer, and the "
                    "caller may send again.",
                    "reqps",
                    [
                        Series(
                            rate("loupe_http_requests_total", "service, status", 'status!~"2.."'),
                            "{{service}} {{status}}",
                        )
                    ],
                ),
                Panel(
                    "Requests over a key's limit",
                    "Refused: a shop sends more than its key may; it is told when to go on. Let through uncounted: "
                    "Redis, where requests are counted, does not answer.",
                    "reqps",
                    [
                        Series(rate("loupe_rate_limited_total"), "refused"),
                        Series(rate("loupe_rate_limit_uncounted_total"), "let through uncounted"),
                    ],
                ),
                Panel(
                    "Refused for load",
                    "Requests that were refused, or cut, because there was too much to do, by why. Shops are told when "
                    "to come back; if it lasts, see the runbook of LoupeRefusesForLoad.",
                    "reqps",
                    [Series(rate("loupe_refused_for_load_total", "why"), "{{why}}")],
                ),
            ],
        ),
        Row(
            "Which route it is",
            [
                Panel(
                    f"HTTP requests by route, p{percent}",
                    note,
                    "s",
                    [
                        Series(
                            quantile(percent / 100, "loupe_http_request_seconds", "service, route", _ASKED),
                            "{{service}} {{route}}",
                        )
                    ],
                )
                for percent, note in ((50, "Half of the requests are faster."), (95, "One request in 20 is slower."))
            ],
            height=9,
        ),
    ],
)
