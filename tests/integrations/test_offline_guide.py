"""The guide for sales without a click, followed by a till that has a key and by a manager with a file."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Enrollment
from commissions.models import Commission
from integrations.models import OrderFile
from integrations.order_files import COLUMNS
from portal.keys import create_key
from tests.integrations.console import Console, follow, work
from tracking.models import Order

__all__ = ["follow"]  # a fixture


@pytest.fixture
def console(follow: Callable[[str], Console], anna: Enrollment) -> Console:
    return follow("offline")


def till(anna: Enrollment) -> Callable[[str, str, Any], Any]:
    """A till that has a key with the scope of the guide."""
    _key, text = create_key(anna.program, "Till", ["conversions:write"])
    headers = {"Authorization": f"Bearer {text}"}

    def ask(method: str, path: str, body: Any) -> Any:
        return getattr(Client(), method)(path, body, content_type="application/json", headers=headers)

    return ask


def test_till_reports_the_sale_of_the_guide(console: Console, anna: Enrollment) -> None:
    (text,) = console.guide.blocks("json")
    told, ask = json.loads(text), till(anna)
    posts, bulk = (
        re.findall(rf"`(?:POST )?(/api/v1/conversions{end})`", console.guide.text)[0] for end in ("", "/bulk")
    )

    answers = [ask("post", posts, body).status_code for body in (told, told, {**told, "total": "50.00"})]
    later = ask("post", bulk, {"items": [{**told, "external_id": "T-40018"}]})

    order = Order.objects.get(external_id="T-40017")
    assert answers == [201, 200, 409]
    assert (order.source, order.total, order.snapshot["channel"]) == ("store-lisbon", 4900, "store")
    assert (later.status_code, console.guide.names('{"items": […]}')) == (200, True)
    assert Order.objects.count() == 2
    assert {one.enrollment for one in Commission.objects.all()} == {anna}


def test_file_of_sales_is_looked_at_and_taken_in(console: Console, anna: Enrollment) -> None:
    (text,) = console.guide.blocks("csv")
    console.go("Files of sales")
    console.reads("Download an example")
    console.go("Add file of sales")
    told = {"Program": "Partner program", "Source": "lisbon", "Channel": "store"}
    console.fill("Save", {**told, "File": text.encode()})
    file = OrderFile.objects.get()
    console.sees("Anna, by the coupon anna15", "Anna, by the code anna")
    assert not Order.objects.exists()
    console.press("Take these sales in")
    work()

    orders = dict(Order.objects.order_by("pk").values_list("external_id", "total"))
    refused = b"".join(console.client.get(f"/admin/integrations/orderfile/{file.pk}/refused.csv")).decode(
        "utf-8-sig"
    )
    assert orders == {"S-1": 12990, "S-2": 4900}
    assert [row["order"] for row in csv.DictReader(io.StringIO(refused))] == ["S-3"]
    assert Commission.objects.filter(enrollment=anna).count() == 2


def test_table_names_every_column_and_its_other_names(console: Console) -> None:
    lines = [line.split("|")[1:3] for line in console.guide.text.splitlines() if line.startswith("| `")]
    named = {cell: others for cell, others in lines if set(re.findall(r"`(\w+)`", cell)) & set(COLUMNS)}
    told = [re.findall(r"`(\w+)`", cell) for cell in named]
    known = {other for columns in COLUMNS.values() for other in columns}
    others = {other.strip() for cell in named.values() for other in cell.split(",") if other.strip()}

    assert sorted(name for names in told for name in names) == sorted(COLUMNS)
    assert others - known == set()
