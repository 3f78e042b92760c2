"""The managers' pages of findings: what is wrong, what is proposed, seen to one by one or in bulk."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import Program
from core.models import User
from integrations.actions.findings import note_findings
from integrations.audits import Fault
from integrations.models import Audit, Connection, Delivery, Finding, RemoteRecord
from integrations.states import FindingKind, FindingState
from tests import makers
from tests.house.markup import inline
from tracking.models import Customer

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
LIST = "/admin/integrations/finding/"


@pytest.fixture
def crm(program: Program) -> Connection:
    return makers.make_connection(program, connector="hubspot", source="crm", secrets={"token": "pat-1"})


def find(crm: Connection, *emails: str, kind: str = FindingKind.DIFFERS, **fields: Any) -> list[Finding]:
    """A fault of each of these customers."""
    told = {"field": "affiliate_lifetime_value", "ours": "100.00", "theirs": "7", **fields}
    for email in emails:
        customer = Customer.objects.create(program=crm.program, source="shop", email=email)
        key = f"customer:{customer.pk}"
        RemoteRecord.objects.create(
            connection=crm, kind="contact", local_key=key, remote_id=email, offered={told["field"]: "100.00"}
        )
        note_findings(crm, {key: [Fault(kind, key, email, **told)]}, {}, makers.NOON)
    return list(Finding.objects.order_by("pk"))


def page(row: Any, name: str = "change", *more: str) -> str:
    return reverse(f"admin:integrations_{row._meta.model_name}_{name}", args=[row.pk, *more])


def test_the_list_says_who_what_and_what_is_proposed(crm: Connection, mia: User, enter: Enter) -> None:
    find(crm, "buyer@example.net")

    text = enter(mia).get(LIST).content.decode()

    for words in ("buyer@example.net", "affiliate_lifetime_value", "100.00", "Tell ours again"):
        assert words in text
    assert inline(text) == []


def test_what_is_proposed_is_done_for_many(crm: Connection, mia: User, enter: Enter) -> None:
    rows = find(crm, "a@example.net", "b@example.net")
    chosen = {"action": "mend", "_selected_action": [str(row.pk) for row in rows], "confirm": "1"}

    enter(mia).post(LIST, chosen)

    assert set(Finding.objects.values_list("state", flat=True)) == {FindingState.MENDED}
    assert Delivery.objects.filter(connection=crm, kind="record.contact").count() == 2


def test_two_records_are_shown_with_both_names_and_no_button_that_merges(
    crm: Connection, mia: User, enter: Enter
) -> None:
    rows = find(crm, "101", kind=FindingKind.TWICE_THERE, field="", ours=None, theirs=None, other="202")

    text = enter(mia).get(page(rows[0])).content.decode()

    assert "101" in text
    assert "202" in text
    assert page(rows[0], "verb", "mend") not in text
    assert page(rows[0], "verb", "leave") in text
    assert inline(text) == []


@pytest.mark.parametrize("role", ["finance", "reviewer", "analyst"])
def test_who_may_not_manage_connections_sees_and_presses_nothing(
    crm: Connection, enter: Enter, role: str
) -> None:
    [row] = find(crm, "a@example.net")
    client = enter(makers.make_member(crm.program.merchant, role))

    assert client.get(page(row)).status_code == 200
    assert client.post(page(row, "verb", "theirs")).status_code == 403
    assert Finding.objects.get().state == FindingState.OPEN


def test_another_companys_findings_do_not_exist(
    crm: Connection, eve: User, other: Program, enter: Enter
) -> None:
    [row] = find(crm, "secret@example.net")
    client = enter(eve)

    assert "secret@example.net" not in client.get(LIST).content.decode()
    client.post(page(row, "verb", "theirs"))
    assert Finding.objects.get().state == FindingState.OPEN


def test_the_connections_page_says_how_many_are_open_and_audits_on_demand(
    crm: Connection, mia: User, enter: Enter
) -> None:
    find(crm, "a@example.net", "b@example.net")
    client = enter(mia)

    assert "2 open findings" in client.get(page(crm)).content.decode()
    client.post(page(crm, "verb", "audit"))

    assert Audit.objects.get().created_by == mia


@pytest.mark.parametrize("value", ['<img src=x onerror="x">', {"a": "<b>"}, ["<i>"], 7, True])
def test_values_of_far_sides_are_shown_and_not_run(
    crm: Connection, mia: User, enter: Enter, value: Any
) -> None:
    find(crm, "a@example.net", theirs=value)

    text = enter(mia).get(LIST).content.decode()

    assert not any(tag in text for tag in ("<img src=x", "<b>'", "<i></bdi>"))
    assert inline(text) == []
