"""Product exports of Shopify as shops have them: mostly in order, with all that real ones are odd in."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

_HEADER = (
    "Handle, Title, Body (HTML), Vendor, Product Category, Type, Tags, Published, Option1 Name, Option1 Value, "
    "Option2 Name, Option2 Value, Option3 Name, Option3 Value, Variant SKU, Variant Grams, Variant Inventory Tracker, "
    "Variant Inventory Qty, Variant Inventory Policy, Variant Fulfillment Service, Variant Price, Variant Compare At "
    "Price, Variant Requires Shipping, Variant Taxable, Variant Barcode, Image Src, Image Position, Image Alt Text, "
    "Gift Card, SEO Title, SEO Description, Google Shopping / Gender, Variant Image, Variant Weight Unit, Variant Tax "
    "Code, Cost per item, Status"
)
HEADER = [name.strip() for name in _HEADER.split(",")]
Row = dict[str, str]


@dataclass
class Export:
    """A file, and what must become of its rows: `rejected` and `skipped` ones, and the `items` of all others."""

    products: int
    rows: list[Row] = field(default_factory=list)
    items: dict[str, Row] = field(default_factory=dict)
    expected: Counter[str] = field(default_factory=Counter)
    pictures: int = 0

    def csv(self, *, bom: bool = True) -> bytes:
        """CRLF between rows, LF within cells, as Shopify writes it."""
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, HEADER, restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return (b"\xef\xbb\xbf" if bom else b"") + out.getvalue().encode()

    def add(self, outcome: str, **cells: str) -> Row:
        row = {_COLUMNS[name]: value for name, value in cells.items()}
        self.rows.append(row)
        self.expected[outcome] += 1
        if outcome == "imported" and (sku := cells.get("sku")):
            self.items[sku] = row
        return row


_COLUMNS = {
    "handle": "Handle",
    "title": "Title",
    "body": "Body (HTML)",
    "vendor": "Vendor",
    "type": "Type",
    "tags": "Tags",
    "published": "Published",
    "option": "Option1 Name",
    "value": "Option1 Value",
    "option2": "Option2 Name",
    "value2": "Option2 Value",
    "sku": "Variant SKU",
    "tracker": "Variant Inventory Tracker",
    "qty": "Variant Inventory Qty",
    "policy": "Variant Inventory Policy",
    "price": "Variant Price",
    "image": "Image Src",
    "position": "Image Position",
    "variant_image": "Variant Image",
    "status": "Status",
}
_BODY = (
    '<div class="product"><p>Set by hand, 18&nbsp;ct &amp; polished.</p>\n'
    '<ul><li>"One" of a kind</li><li>4&quot; long</li></ul>\n<style>p {}</style></div>'
)


def export(products: int, host: str = "https://cdn.shopify.com/s/files/1", seed: int = 5) -> Export:
    """Of so many products, the same for the same seed. Pictures are at `host`, a few to a product."""
    dice = random.Random(seed)
    made = Export(products)
    for number in range(products):
        kind = _KINDS[number // 2 % len(_KINDS)] if number % 2 else _plain
        kind(made, f"piece-{number:04}", f"P{number:04}", dice, f"{host}/{number:04}")
    return made


def _first(handle: str, sku: str, dice: random.Random, **cells: str) -> dict[str, str]:
    return {
        "handle": handle,
        "title": f"Piece {sku}",
        "body": _BODY,
        "vendor": dice.choice(["Lune", "Atelier “Œil”", ""]),
        "type": dice.choice(["Rings", "Necklaces", ""]),
        "tags": "gold, halo, gold",
        "published": "true",
        "option": "Title",
        "value": "Default Title",
        "sku": sku,
        "tracker": "shopify",
        "qty": str(dice.randrange(0, 9)),
        "policy": "deny",
        "price": f"{dice.randrange(20, 900)}.00",
        "status": "active",
    } | cells


def _plain(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    made.add("imported", **_first(handle, sku, dice, image=f"{at}-1.jpg?v=1", position="1"))
    made.pictures += 1


def _sizes(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    """Variants over lines; two pictures, each of all three sizes; a picture line of its own."""
    made.add("imported", **_first(handle, f"{sku}-50", dice, option="Size", value="50", image=f"{at}-1.jpg"))
    made.add("imported", handle=handle, value="52", sku=f"{sku}-52", qty="-2", price="99.00", image=f"{at}-2.jpg")
    made.add("imported", handle=handle, value="54", sku=f"{sku}-54", qty="3", policy="continue", price="99.00")
    made.pictures += 6


def _colours(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    """A picture of their own for each variant, and a line that only has another picture."""
    own = {"option": "Colour", "value": "Gold / Rose", "variant_image": f"{at}-gold.jpg", "image": f"{at}-gold.jpg"}
    made.add("imported", **_first(handle, f"{sku}-G", dice, **own))
    made.add("imported", handle=handle, value="Silver", sku=f"{sku}-S", price="80.00", variant_image=f"{at}-silver.jpg")
    made.add("imported", handle=handle, image=f"{at}-box.jpg", position="3")
    made.pictures += 3


def _without_sku(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    row = made.add("imported", **_first(handle, "", dice, option="Length", value="40 cm"))
    made.items[f"{handle}-40-cm"] = row
    row = made.add("imported", handle=handle, value="45 cm", price="70.00")
    made.items[f"{handle}-45-cm"] = row


def _no_picture(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    made.add("imported", **_first(handle, sku, dice, qty="", tracker="", body="", tags="", vendor=""))


def _odd_cells(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    title = 'The "Étoile",\nlarge; 8" chain'
    made.add("imported", **_first(handle, f"'{sku}", dice, title=title, body="<p>Unclosed <b>tag &lt;3"))
    made.items[sku] = made.items.pop(f"'{sku}")


def _draft(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    made.add("skipped", **_first(handle, sku, dice, status="draft", image=f"{at}-1.jpg"))
    made.add("skipped", handle=handle, image=f"{at}-2.jpg")


def _archived(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    made.add("skipped", **_first(handle, sku, dice, status="archived"))


def _repeated(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    """The same line twice, as two exports put together have it."""
    cells = _first(handle, sku, dice)
    made.add("imported", **cells)
    made.rows.append(dict(made.rows[-1]))
    made.expected["imported"] += 1


def _same_sku(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    """Two products with one SKU."""
    made.add("imported", **_first(handle, sku, dice))
    made.add("rejected", **_first(f"{handle}-copy", sku, dice, title="A copy", image=f"{at}-1.jpg"))


def _bad_price(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    made.add("rejected", **_first(handle, sku, dice, price="on request"))
    made.add("rejected", handle=handle, image=f"{at}-1.jpg")


def _slash(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    """One variant cannot be taken; its picture still shows the other."""
    made.add("rejected", **_first(handle, f"{sku}/A", dice, option="Cut", value="A", image=f"{at}-1.jpg"))
    made.add("imported", handle=handle, value="B", sku=f"{sku}-B", price="10.00")
    made.pictures += 1


def _torn(made: Export, handle: str, sku: str, dice: random.Random, at: str) -> None:
    """Rows without their product, an empty one, and one without a handle."""
    made.add("rejected", handle=handle, sku=sku, price="10.00")
    made.add("skipped")
    made.add("rejected", sku=f"{sku}-X", price="10.00")


_KINDS: list[Callable[[Export, str, str, random.Random, str], None]] = [
    _sizes,
    _colours,
    _without_sku,
    _no_picture,
    _odd_cells,
    _draft,
    _archived,
    _repeated,
    _same_sku,
    _bad_price,
    _slash,
    _torn,
]
