"""What the page of imports shows is done as it stands."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.gateway import KEY, running_gateway
from tests.support.importing import imported, importing, said
from tests.support.shopify_export import export
from tests.support.snippets import run_alone, snippet, snippets
from tests.support.upstreams import served

PAGE = "docs/imports.md"


def test_the_page_of_imports_is_right(tmp_path: Path) -> None:
    calls = snippet(PAGE, "sh", "curl -X POST")
    (tmp_path / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    (tmp_path / "products_export.csv").write_bytes(export(3).csv())
    (line,) = snippets(PAGE, "json", "## Formats")
    with running_gateway(tmp_path) as stand, importing(stand), served(stand.service.http) as address:
        told = run_alone(calls, "sh", tmp_path, HOME=str(tmp_path), API=f"{address}/v1", KEY=KEY)
        assert told.count('"status_url"') == 4
        assert said(imported(stand, line.encode())) == {"imported": 1}
        assert stand.client.get("/v1/items/RING-1").json()["tags"] == json.loads(line)["tags"]
