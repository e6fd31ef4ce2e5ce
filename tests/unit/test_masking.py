"""What a log line tells when an error of a library told a secret."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from shared.observability.masking import masked

SECRET = "s3cr3t-Pa%2Fss"
SAID = [
    f"cannot reach redis://:{SECRET}@broker:6379/0 now",
    f"postgresql+psycopg://gateway:{SECRET}@postgres:5432/gateway",
    f"'amqp://u:{SECRET}@a', 's3://loupe:{SECRET}@b:9000?secure=false'",
    f"qdrant://qdrant:6333?api_key={SECRET}&timeout=3",
    f"Authorization: Bearer {SECRET}",
    f"key lk_{SECRET}",
]
LOGGER = """
import logging, sys, structlog
from shared.observability import logs
logs.configure("test")
try:
    raise ValueError(sys.argv[1])
except ValueError:
    structlog.get_logger().exception("ours", detail=sys.argv[1])
    logging.getLogger("a.library").exception("theirs: %s", sys.argv[1])
"""


@pytest.mark.parametrize("said", SAID)
def test_passwords_tokens_and_keys_are_taken_out(said: str) -> None:
    told = masked(said.encode()).decode()
    assert "s3cr3t" not in told
    assert "***" in told


@pytest.mark.parametrize(
    "said",
    [
        "http://127.0.0.1:8080/v1/users/ann@shop.example is no password",
        "see https://shop.example/a:b, write to ann@shop.example",
        "bulk_import of Bearer bonds",
    ],
)
def test_addresses_without_a_password_are_told_as_they_are(said: str) -> None:
    assert masked(said.encode()).decode() == said


def test_neither_our_lines_nor_those_of_libraries_tell_what_an_error_told() -> None:
    done = subprocess.run([sys.executable, "-c", LOGGER, SAID[0]], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["level"] for line in lines] == [logging.getLevelName(logging.ERROR).lower()] * 2
    assert "ValueError" in lines[0]["exception"]
    assert "broker:6379" in done.stdout
    assert "s3cr3t" not in done.stdout + done.stderr
