"""The public page of a reference as HTML, without a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, Literal

from shared.contracts.references import PublicReference

_TEXTS: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "public_page.json").read_bytes())
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/public.css">
</head>
<body>
<main>
<p class="kicker">{heading}</p>
<h1>{title}</h1>
<section class="says"><h2>{says}</h2><p>{statement}</p></section>
<div class="pictures">{pictures}</div>
<dl>{facts}</dl>
<p class="small">{check}</p>
<p class="small">{key} <code>{kid}</code></p>
</main>
</body>
</html>
"""


def drawn(reference: PublicReference, language: Literal["en", "zh"]) -> str:
    record, texts = reference.sealed.document, _TEXTS[language]
    pictures = "".join(
        f'<figure><img src="{escape(one.url)}" alt="{escape(texts[one.view])}" loading="lazy">'
        f"<figcaption>{escape(texts[one.view])}</figcaption></figure>"
        for one in reference.pictures
    )
    statement = reference.statement.zh if language == "zh" else reference.statement.en
    return _PAGE.format(
        language="zh-Hans" if language == "zh" else "en",
        title=escape(str(record["title"])),
        heading=texts["heading"],
        says=texts["says"],
        statement=escape(statement),
        pictures=pictures,
        facts="".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(record, texts)),
        check=texts["check"],
        key=texts["key"],
        kid=escape(str(reference.sealed.seal.get("kid", ""))),
    )


def _facts(record: dict[str, Any], texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    yield texts["kind"], texts[str(record["kind"])]
    for name in ("owner", "hallmark_text", "serial_text"):
        if record.get(name):
            yield texts[name], str(record[name])
    if size := record.get("size_mm"):
        yield texts["size_mm"], " × ".join(str(side) for side in size.values() if side is not None)  # noqa: RUF001
    if paper := record.get("certificate"):
        said = [paper["issuer"], paper["number"], paper.get("issued_on") or ""]
        yield texts["certificate"], " · ".join(part for part in said if part)
    yield texts["registered_at"], str(record["registered_at"])[:16].replace("T", " ") + " UTC"
    yield texts["version"], f"{record['version']} ({texts['changed_at']} {str(record['changed_at'])[:10]})"
