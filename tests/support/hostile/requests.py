"""Requests that are made to break the program that reads them. Each is told with the status of its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

JSON = {"Content-Type": "application/json"}
DEEP = 100_000


@dataclass(frozen=True)
class Sent:
    """`status`: those that may answer it, where how it is read decides which."""

    name: str
    method: str
    path: str
    status: tuple[int, ...]
    content: bytes = b""
    headers: Mapping[str, str | bytes] = field(default_factory=dict)


def bodies() -> Iterator[Sent]:
    """JSON that is nested, long or not JSON, wherever JSON is taken."""
    numbers = {
        "1e400": b"1e400",
        "minus 1e400": b"-1e400",
        "10,000 digits": b"9" * 10_000,
        "an exponent of 10^9": b"1e1000000000",
        "NaN": b"NaN",
        "minus infinity": b"-Infinity",
        "a hexadecimal number": b"0x10",
        "true": b"true",
        "a number in a list": b"[1]",
    }
    for name, number in numbers.items():
        yield _put(f"a price of {name}", b'{"title": "x", "price": ' + number + b"}")
    for name, number in (*list(numbers.items())[:4], ("2^63", str(2**63).encode()), ("a half", b"0.5")):
        yield _put(f"a stock of {name}", b'{"title": "x", "stock": ' + number + b"}")
    texts = {
        "half a pair": b'"\\ud800"',
        "no UTF-8": b'"\xff\xfe"',
        "an open end": b'"x',
        "100,000 characters": b'"' + b"x" * 100_000 + b'"',
        "a line break": b'"a\nb"',
        "a number": b"1",
        "null": b"null",
        "a list": b"[]",
    }
    for name, text in texts.items():
        yield _put(f"a title of {name}", b'{"title": ' + text + b"}")
    yield _put("a field that is none", b'{"title": "x", "__proto__": {"admin": true}}')
    yield _put("100,000 tags", b'{"title": "x", "tags": [' + b",".join([b'"t"'] * 100_000) + b"]}")
    nests = {
        "lists": b"[" * DEEP,
        "closed lists": b"[" * DEEP + b"]" * DEEP,
        "objects": b'{"a":' * DEEP,
        "closed objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        "two megabytes": b'"' + b"x" * 2_100_000 + b'"',
        "nothing but spaces": b" " * 100_000,
        "nothing": b"",
        "a number of 100,000 digits": b"1" * 100_000,
    }
    takers = {
        "POST /v1/search": b'{"words": "ring", "filters": %s}',
        "POST /v1/events": b'{"events": %s}',
        "POST /v1/items:batch": b'{"items": %s}',
        "POST /v1/images:batch": b'{"images": %s}',
        "POST /v1/webhooks": b'{"url": %s}',
        "PATCH /v1/items/RING-1": b'{"title": "x", "attributes": %s}',
        "POST /v1/suggestions:batch": b'{"user_ids": %s}',
    }
    for taker, frame in takers.items():
        method, path = taker.split()
        headers = {"Content-Type": "application/merge-patch+json"} if method == "PATCH" else JSON
        for name, nest in nests.items():
            yield Sent(f"{name} to {taker}", method, path, (400, 413, 422), frame % nest, headers)
    yield Sent("items one in the other", "PUT", "/v1/items/RING-1", (400, 422), b'{"title":' * DEEP, JSON)


def _put(name: str, body: bytes) -> Sent:
    return Sent(name, "PUT", "/v1/items/EVIL", (400, 422), body, JSON)


def names() -> Iterator[Sent]:
    """Names that lead elsewhere. Where they are resolved away before they are looked at, nobody has the address."""
    evil = {
        "the folder above": "../../etc/passwd",
        "two dots": "..",
        "a dot": ".",
        "a Windows path": "..\\..\\windows\\win.ini",
        "an absolute path": "/etc/passwd",
        "a drive": "C:\\x",
        "a zero character": "a\0.jpg",
        "a line break": "a\r\nX-Evil: 1",
        "a tab": "a\tb",
        "a space at its end": "a ",
        "spaces alone": "   ",
        "a control character": "a\x1b[31m",
        "a delete character": "a\x7f",
        "129 characters": "x" * 129,
        "10,000 characters": "x" * 10_000,
        "a no-break space": "\xa0a",
        "a byte order mark": "\ufeffa",
        "a next line": "\x85a",
    }
    for name, sku in evil.items():
        yield Sent(
            f"a SKU of {name}", "PUT", f"/v1/items/{quote(sku, safe='')}", (404, 405, 422), b'{"title":"x"}', JSON
        )
    for name in ("the folder above", "a zero character", "a line break", "129 characters"):
        address = quote(evil[name], safe="")
        yield Sent(f"a picture called {name}", "GET", f"/v1/images/{address}/content", (404, 422))
        yield Sent(f"an import called {name}", "GET", f"/v1/imports/{address}/errors.csv", (404, 422))
        yield Sent(f"a shopper called {name}", "DELETE", f"/v1/users/{address}", (404, 422))
        yield Sent(f"a file of the page called {name}", "GET", f"/page/{address}", (404,))
    yield Sent("a SKU encoded twice", "GET", "/v1/items/%252e%252e%252fetc", (404, 422))
    for path in (
        "/page/..%2f..%2fmain.py",
        "/docs/files/..%2f..%2f..%2fetc%2fpasswd",
        "/page/%2e%2e/%2e%2e/settings.py",
    ):
        yield Sent(f"the file {path}", "GET", path, (404,))
    for query in ("limit=1e9", "limit=-1", "limit=" + "9" * 5_000, "cursor=" + "A" * 400, "cursor=%00", "cursor=../x"):
        yield Sent(f"a list asked with {query[:20]}", "GET", f"/v1/items?{query}", (400, 422))


def headers() -> Iterator[Sent]:
    """Headers that mean harm, to a request that is good without them."""
    good = "/v1/items/RING-1"
    for name, key in (("longer than one", "x" * 300), ("spaces", "  "), ("another alphabet", "ключ".encode())):
        yield Sent(
            f"an Idempotency-Key of {name}", "POST", "/v1/items:batch", (422,), b"{}", {**JSON, "Idempotency-Key": key}
        )
    for name, key in (
        ("of 8,000 characters", b"Bearer " + b"x" * 8_000),
        ("of SQL", b"Bearer ' OR 1=1 --"),
        ("of bytes", b"Bearer \xff\xfe\x80"),
        ("of another kind", b"Basic YTpi"),
        ("that is two", b"Bearer a, Bearer b"),
    ):
        yield Sent(f"a key {name}", "GET", good, (401,), b"", {"Authorization": key})
    yield Sent(
        "an If-Match of 5,000 marks",
        "PUT",
        good,
        (400, 412, 422),
        b'{"title":"x"}',
        {**JSON, "If-Match": '"x",' * 1_000},
    )
    for kind in ("text/html", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary="):
        yield Sent(f"an item as {kind}", "PUT", good, (400, 415, 422), b"<a/>", {"Content-Type": kind})


def forms() -> Iterator[Sent]:
    """Multipart forms, read by hand."""
    path = "/v1/items/RING-1/images"

    def sent(name: str, content: bytes, status: tuple[int, ...], boundary: str = "b") -> Sent:
        return Sent(name, "POST", path, status, content, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    end = b"\r\n\r\nx\r\n--b--\r\n"
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
    yield sent("a form of a million boundaries", b"--b\r\n" * 200_000, (400,))
    yield sent("a part of a thousand headers", part + b"X-A: b\r\n" * 20_000 + end[2:], (400, 415))
    yield sent(
        "a part with a header of a megabyte", part + b"X: " + b"a" * 1_000_000 + b"\r\n\r\nx\r\n--b--\r\n", (400, 415)
    )
    yield sent("a form of a boundary that is long", part, (400, 415), "b" * 5_000)
    yield sent(
        "a form in a form", part + b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n--b--\r\n", (400, 415)
    )
    yield sent(
        "a part declared with a line break",
        part + b"Content-Type: image/png\r\n X-Evil: 1\r\n\r\nx\r\n--b--\r\n",
        (400, 415),
    )
    yield sent("a part without a name", b"--b\r\n\r\nx\r\n--b--\r\n", (400,))
    yield sent("an end before a start", b"--b--\r\n", (400,))
    other = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n' % (b"n" * 50_000)
    yield sent("a part of another name, which is long", other + b"x\r\n--b--\r\n", (400,))
    yield sent(
        "a text of a megabyte",
        b'--b\r\nContent-Disposition: form-data; name="t"\r\n\r\n' + b"x" * 1_000_000 + b"\r\n--b--\r\n",
        (413,),
    )
