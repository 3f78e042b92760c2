"""The guide for anything with a webhook, followed literally; and the reference of mappings names all that there is."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Enrollment
from commissions.models import Commission
from integrations import actions
from integrations.mapping.conflicts import RULES
from integrations.mapping.conversions import CONVERSIONS, check_step, read_steps
from integrations.mapping.expressions import FUNCTIONS
from integrations.mapping.rows import FIELDS, TESTS
from integrations.models import Inbound
from tests.integrations.inbox import work
from tracking.models import Order

DOCS = Path(__file__).parents[2] / "docs" / "integrations"


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def quoted(page: str) -> set[str]:
    return set(re.findall("`([^`]+)`", (DOCS / page).read_text(encoding="utf-8")))


def test_guide_followed_literally_takes_the_order(anna: Enrollment) -> None:
    sample, mapping = blocks("anything.md", "json")
    names: dict[str, Any] = {}
    exec(blocks("anything.md", "python")[0], names)
    inbox = actions.connect(anna.program, connector="inbox", name="Bookings", source="bookings")
    actions.import_mapping(inbox, mapping)
    address = actions.delivery_url(inbox).removeprefix("https://partners.example.com")

    headers = names["signed"](sample.encode(), inbox.secrets["webhook_secret"])
    answer = Client().post(address, sample, content_type="application/json", headers=headers)
    work()

    order = Order.objects.get()
    assert (answer.status_code, Inbound.objects.get().state) == (200, "done")
    assert (order.external_id, order.total, order.currency) == ("B-1009", 24000, "EUR")
    assert order.occurred_at == datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
    assert order.snapshot["customer"]["country"] == "DE"
    assert [line["net"] for line in order.snapshot["lines"]] == [20000, 4000]
    assert [(one.enrollment, one.net.amount) for one in Commission.objects.all()] == [(anna, 2400)]


def test_mapping_of_the_guide_is_what_an_export_writes(anna: Enrollment) -> None:
    inbox = actions.connect(anna.program, connector="inbox", name="Bookings", source="bookings")
    told = json.loads(blocks("anything.md", "json")[1])

    assert actions.export_mapping(actions.import_mapping(inbox, json.dumps(told))) == told


def test_reference_names_all_that_there_is() -> None:
    said = quoted("mapping.md")
    functions = {name.partition("(")[0] for name in said}

    assert CONVERSIONS.keys() - said == set()
    assert FUNCTIONS.keys() - functions == set()
    assert {*FIELDS, *RULES, *TESTS} - said == set()


@pytest.mark.parametrize("line", sorted(one for one in quoted("mapping.md") if re.match(r"[a-z_]+: ", one)))
def test_examples_of_the_reference_make_sense(line: str) -> None:
    (step,) = read_steps(line)

    check_step(step)
