"""Files that are sent as a shop's catalogue.

What is to become of each: "failed" of the whole, or the outcome of every row of it. Nothing of any is taken.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator, Mapping

from tests.support.hostile.pictures import good

Hostile = tuple[str, bytes, str]
_LONG = 3_000_000


def zips() -> Iterator[Hostile]:
    picture = good("JPEG")
    slips = ("../../evil.jpg", "/etc/evil.jpg", "C:\\evil.jpg", "..\\evil.jpg", "a/../../evil.jpg", "a\x1b[2J.jpg")
    for name in (*slips, "\u202egpj.exe.jpg"):
        yield (
            f"a zip with a picture called {name!r}",
            _zip({name: picture}),
            "failed" if name.startswith("..\\") else "rejected",
        )
    yield "a zip with a table called ../items.csv", _zip({"../items.csv": b"sku,title\nEVIL,x\n"}), "failed"
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(link, "/etc/passwd")
    yield "a zip with a link", out.getvalue(), "refused"
    yield "a zip with a program", _zip({"evil.exe": b"MZ"}), "skipped"
    yield "a zip in a zip in a zip", _zip({"b.zip": _zip({"c.zip": _zip({"evil.jpg": picture})})}), "skipped"
    yield "a zip of a picture of 5 MB of zeros", _zip({"evil.jpg": bytes(5_000_000)}), "rejected"
    yield "a zip of a table of 20 MB of spaces", _zip({"evil.csv": b" " * 20_000_000}), "failed"
    yield (
        "a zip of another kind of compression",
        _zip({"evil.jpg": picture}).replace(b"\x14\0\0\0\x08\0", b"\x14\0\0\0\x63\0"),
        "refused",
    )
    whole = _zip({"evil.jpg": picture})
    yield "half a zip", whole[: len(whole) // 2], "failed"
    yield "a zip with noise in it", whole[:60] + bytes(200) + whole[260:], "refused"
    yield "a zip whose list is 4 GB long", whole[:-10] + struct.pack("<L", 0xFFFFFFF0) + whole[-6:], "failed"
    encrypted = bytearray(whole)
    encrypted[whole.index(b"PK\x01\x02") + 8] |= 1
    yield "a zip with a password", bytes(encrypted), "rejected"
    yield "a zip of nothing", _zip({}), "failed"
    yield "a zip of two tables", _zip({"a.csv": b"sku\n1\n", "b.csv": b"sku\n1\n"}), "failed"
    yield "a zip of pictures that are none", _zip({"EVIL.jpg": b"<script>"}), "refused"
    yield "a zip whose pictures overlap", _overlapping(picture), "any"


def tables() -> Iterator[Hostile]:
    yield "a CSV of zeros", bytes(100_000), "failed"
    yield "a CSV of a line of 3 MB", b"sku,title\n" + b"x" * _LONG, "failed"
    yield "a CSV with a quote that stays open", b'sku,title\nEVIL,"' + b"x\n" * 100_000, "rejected"
    yield "a CSV of 100,000 columns", b"sku," + b",".join(b"c%d" % each for each in range(100_000)) + b"\n", "any"
    yield "a CSV of Latin-1", "sku,title\nEVIL,Ring für Ältere\n".encode("latin-1"), "failed"
    yield "a CSV of UTF-16 cut off", "sku,title\nEVIL,x\n".encode("utf-16")[:-1], "any"
    yield "a CSV of a program", b"\x7fELF" + bytes(range(256)) * 10, "failed"
    for cell in ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", '=HYPERLINK("http://x")'):
        row = f'"{cell.replace(chr(34), chr(34) * 2)}/x",title\n'
        yield f"a CSV with the formula {cell!r} for a SKU", b"sku,title\n" + row.encode(), "rejected"
    for sku in ("../../etc/passwd", "..", "a\x1b[31mb", "x" * 5_000):
        yield f"a CSV with the SKU {sku[:20]!r}", f"sku,title\n{sku},x\n".encode(), "rejected"
    for price in ("1e400", "NaN", "-1", "9" * 5_000, "=1+1", "٣"):
        yield f"a CSV with the price {price[:10]}", f"sku,title,price\nEVIL,x,{price}\n".encode(), "rejected"
    lines = {
        "lists": b"[" * 50_000,
        "objects": b'{"a":' * 50_000,
        "a title that is nested": b'{"sku":"EVIL","title":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        "a price of 10,000 digits": b'{"sku":"EVIL","price":' + b"9" * 10_000 + b"}",
        "a price of 1e400": b'{"sku":"EVIL","price":1e400}',
        "a price of NaN": b'{"sku":"EVIL","price":NaN}',
        "half a pair": b'{"sku":"EVIL","title":"\\ud800"}',
        "a zero character": b'{"sku":"EVIL\\u0000","title":"x"}',
        "a SKU that is a list": b'{"sku":["EVIL"],"title":"x"}',
        "3 MB": b'{"sku":"EVIL","title":"' + b"x" * _LONG + b'"}',
        "pictures of this machine": b'{"sku":"","images":["file:///etc/passwd"]}',
    }
    for name, line in lines.items():
        first = b"" if name == "lists" else b'{"sku":"..","title":"x"}\n'
        yield f"JSON Lines of {name}", first + line + b"\n", "refused" if "images" in line.decode("latin-1") else "any"


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def _overlapping(picture: bytes) -> bytes:
    """One file that is listed 101 times."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("..", picture)
        (entry,) = packed.infolist()
        for each in range(100):
            again = zipfile.ZipInfo(f"../{each:04}")
            again.header_offset, again.CRC = entry.header_offset, entry.CRC
            again.file_size = again.compress_size = entry.file_size
            packed.filelist.append(again)
        packed._didModify = True  # type: ignore[attr-defined]  # it writes its list of files anew
    return out.getvalue()
