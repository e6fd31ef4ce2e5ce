"""A shop's program, run alone: it publishes the messages of a story by plain redis or plain kombu, and tells of each
whether its effect was seen over HTTP and its answer in the line out. It can import nothing of ours.

STORY is JSON: `bus`, `shop`, `api`, `key`, `seconds` (how long to wait for each), `steps`. A step has a `name`, the
`type` and `data` of the event, maybe other `attributes`; `path`, `status` and `body` of the effect, where what is in
`body` is to be in the answer; and `out`, the `type` and `data` of each event that the line out is to tell.
"""

import json
import os
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

story: dict[str, Any] = json.loads(os.environ["STORY"])


class OnRedis:
    def __init__(self) -> None:
        import redis

        self.bus = redis.Redis.from_url(story["bus"])
        self.line = f"loupe:shop:{story['shop']}"
        newest: Any = self.bus.xrevrange(f"{self.line}:out", count=1)
        self.last = newest[0][0] if newest else "0"

    def send(self, body: str) -> None:
        self.bus.xadd(f"{self.line}:in", {"event": body})

    def heard(self) -> Iterator[dict[str, Any]]:
        found: Any = self.bus.xread({f"{self.line}:out": self.last})
        for _, entries in found:
            for self.last, fields in entries:
                yield json.loads(fields[b"event"])


class OnRabbitMQ:
    def __init__(self) -> None:
        from kombu.connection import Connection

        self.line = f"loupe.shop.{story['shop']}"
        self.bus = Connection(story["bus"], transport_options={"confirm_publish": True})
        self.channel = self.bus.channel()
        self.producer = self.bus.Producer()

    def send(self, body: str) -> None:
        self.producer.publish(
            body,
            exchange=f"{self.line}.in",
            routing_key="",
            content_type="application/cloudevents+json",
            content_encoding="utf-8",
            delivery_mode="persistent",
            mandatory=True,
        )

    def heard(self) -> Iterator[dict[str, Any]]:
        while message := self.channel.basic_get(f"{self.line}.out", no_ack=True):
            yield json.loads(message.body)


def holds(answer: Any, wanted: Any) -> bool:
    """Whether all of `wanted` is in `answer`."""
    if isinstance(wanted, dict):
        return isinstance(answer, dict) and all(holds(answer.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return len(answer) == len(wanted) and all(map(holds, answer, wanted))
    return bool(answer == wanted)


def shows(step: dict[str, Any]) -> bool:
    request = urllib.request.Request(story["api"] + step["path"], headers={"Authorization": "Bearer " + story["key"]})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status, body = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        status, body = error.code, {}
    return status == step.get("status", 200) and holds(body, step.get("body", {}))


def play(step: dict[str, Any]) -> dict[str, Any]:
    """Seconds until the effect was seen, None when it was not; and the types of what was told of it."""
    event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "/outside", "type": step["type"]}
    bus.send(json.dumps(event | step.get("attributes", {}) | {"data": step["data"]}))
    started, seen = time.monotonic(), None
    told: set[str] = set()
    wanted = {event["type"]: event["data"] for event in step.get("out", [])}
    while time.monotonic() < started + story["seconds"] and (seen is None or told != wanted.keys()):
        if seen is None and shows(step):
            seen = time.monotonic() - started
        for event in bus.heard():
            if event["type"] in wanted and holds(event["data"], wanted[event["type"]]):
                told.add(event["type"])
        time.sleep(0.02)
    return {"seen": seen, "told": sorted(told)}


bus = OnRedis() if story["bus"].startswith("redis") else OnRabbitMQ()
saw: dict[str, Any] = {}
for each in story["steps"]:
    saw[each["name"]] = play(each)
    if saw[each["name"]]["seen"] is None:
        break  # the steps after it build on it
print(json.dumps(saw))  # noqa: T201 - its answer
