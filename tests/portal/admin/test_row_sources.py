"""The managers' pages of sources that are read: places of files, databases, and affiliates that are taken over."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from affiliates.models import Enrollment, Program
from core.models import User
from integrations import actions
from integrations.models import Connection, OrderFile
from tests import makers
from tests.house.markup import inline

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
PARTNERS = "ID,Type,Amount,Currency,Status,Invoice ID,Created at,Partner ID,Customer email\n"
SALE = "cm_1,sale,$129.90,usd,pending,INV-1,2026-11-01T12:00:00.000Z,ann-archer,b@example.com\n"
ADD = "/admin/integrations/connection/add/"
PEOPLE = "/admin/integrations/orderfile/affiliates/"


def mapping_page(row: Connection, kind: str = "order") -> str:
    return reverse("admin:integrations_connection_mapping", args=[row.pk, "in", kind])


@pytest.fixture
def drop(program: Program, tmp_path: Path, settings: Any) -> Connection:
    settings.FILE_DROP_ROOT = str(tmp_path)
    return makers.make_connection(
        program, connector="folder", source="lisbon", base_url="", secrets={"folder": "sales"}, options={}
    )


def test_folder_is_connected_by_its_form(
    program: Program, mia: User, enter: Enter, tmp_path: Path, settings: Any
) -> None:
    settings.FILE_DROP_ROOT = str(tmp_path)
    client = enter(mia)
    form = client.get(ADD + "?connector=folder").content.decode()

    answer = client.post(
        ADD,
        {"connector": "folder", "program": program.pk, "name": "Till", "source": "till", "folder": "sales"}
        | {"taking": "at_once", "twins": "skip", "channel": "", "patterns": "*.csv"},
    )
    page = client.get(answer.url).content.decode()

    row = Connection.objects.get(source="till")
    assert 'value="at_once"' in form
    assert (row.options["taking"], row.options["patterns"]) == ("at_once", ["*.csv"])
    assert f"{program.pk}/sales" in page
    assert inline(form) + inline(page) == []


def test_found_file_stands_on_the_page_and_its_columns_are_pointed_at(
    drop: Connection, mia: User, enter: Enter, ann: Enrollment
) -> None:
    actions.upload_file(
        drop.program,
        name="a.csv",
        source="lisbon",
        channel="file",
        content=(PARTNERS + SALE).encode(),
        connection=drop,
    )
    client, file = enter(mia), OrderFile.objects.get()

    before = client.get(reverse("admin:integrations_orderfile_change", args=[file.pk])).content.decode()
    mapping = client.post(mapping_page(drop), {"act": "rows", "count": "0"}).content.decode()
    client.post(
        reverse("admin:integrations_connection_mappings", args=[drop.pk]),
        {"act": "preset", "preset": "dub-csv"},
    )
    after = client.get(reverse("admin:integrations_orderfile_change", args=[file.pk])).content.decode()

    assert "Nothing is mapped yet" in before
    assert 'value="rows-1"' in mapping
    assert "INV-1" in mapping
    assert "Ann Archer, by the code ann-archer" in after
    assert inline(mapping) + inline(after) == []


def test_export_of_a_platform_is_uploaded_by_its_preset(
    program: Program, mia: User, enter: Enter, ann: Enrollment
) -> None:
    client = enter(mia)
    file = SimpleUploadedFile("dub.csv", (PARTNERS + SALE).encode(), content_type="text/csv")

    answer = client.post(
        "/admin/integrations/orderfile/add/",
        {"program": program.pk, "source": "dub", "channel": "import", "preset": "dub-csv", "file": file},
    )
    page = client.get(answer.url).content.decode()

    assert "Verified in its open source" in page
    assert "Ann Archer, by the code ann-archer" in page


def test_doubted_sales_are_shown_and_left_out_unless_the_box_is_cleared(
    program: Program, mia: User, enter: Enter, ann: Enrollment
) -> None:
    from commissions.actions import take_orders
    from tracking.orders import CustomerIn

    value = makers.make_order("INV-1", source="shop", customer=CustomerIn(email="b@example.com"))
    take_orders(program, [value], at=timezone.now())
    file = makers.make_order_file(program, PARTNERS + SALE, source="dub", preset="dub-csv", at=timezone.now())
    client = enter(mia)

    shown = client.get(reverse("admin:integrations_orderfile_change", args=[file.pk]))
    page = shown.content.decode()
    asked = client.get(
        reverse("admin:integrations_orderfile_verb", args=[file.pk, "confirm"])
    ).content.decode()
    client.post(
        reverse("admin:integrations_orderfile_verb", args=[file.pk, "confirm"]), {"skips_twins": "on"}
    )

    file.refresh_from_db()
    assert "“shop” has told of order INV-1 of the same buyer already." in page
    assert [count for _title, count, _detail in shown.context["figures"]] == [0, 0, 0, 0, 1]
    assert shown.context["look"].totals == ()
    assert "All that is new stands under “Counted twice?”." in page
    assert "checked" in asked
    assert file.outcome["skips_twins"] is True


def test_first_rows_of_a_database_are_shown(
    program: Program, mia: User, enter: Enter, tmp_path: Path, settings: Any
) -> None:
    settings.FILE_DROP_ROOT = str(tmp_path)
    (tmp_path / str(program.pk)).mkdir()
    with sqlite3.connect(tmp_path / str(program.pk) / "shop.db") as base:
        base.execute("CREATE TABLE orders (no TEXT, total TEXT, changed TEXT)")
        base.execute("INSERT INTO orders VALUES ('A-1', '<b>1.00</b>', '2026-11-02 12:00:00')")
    client = enter(mia)
    answer = client.post(
        ADD,
        {
            "connector": "sql",
            "program": program.pk,
            "name": "Old",
            "source": "old",
            "url": "sqlite:///shop.db",
        }
        | {"query": "SELECT * FROM orders", "number_column": "no", "changed_column": "changed"}
        | {"changed_as": "text", "twins": "skip"},
    )
    row = Connection.objects.get(source="old")

    page = client.post(mapping_page(row), {"act": "rows-1", "count": "0"}).content.decode()

    assert answer.status_code == 302
    assert "A-1" in page
    assert "&lt;b&gt;1.00&lt;/b&gt;" in page
    assert "<b>1.00</b>" not in page


def test_query_that_writes_is_refused_on_the_form(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)

    answer = client.post(
        ADD,
        {
            "connector": "sql",
            "program": program.pk,
            "name": "Old",
            "source": "old",
            "url": "sqlite:///shop.db",
        }
        | {"query": "DELETE FROM orders", "number_column": "no", "changed_column": "changed"}
        | {"changed_as": "text", "twins": "skip"},
    )
    shown = answer.content.decode() if answer.status_code == 200 else client.get(answer.url).content.decode()

    assert "The query begins with SELECT" in shown
    assert not Connection.objects.filter(source="old").exists()


def test_affiliates_are_looked_at_and_taken_over(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)
    text = "name,email,code\nBert,bert@blog.example,pn_bert\nCid,nonsense,cid\n"
    file = SimpleUploadedFile("people.csv", text.encode(), content_type="text/csv")

    looked = client.post(PEOPLE, {"program": program.pk, "file": file}).content.decode()
    before = Enrollment.objects.filter(code="pn-bert").count()
    done = client.post(PEOPLE, {"program": program.pk, "text": text, "act": "take"}).content.decode()

    assert ("will take part" in looked, before) == (True, 0)
    assert Enrollment.objects.get(code="pn-bert").affiliate.email == "bert@blog.example"
    assert "“nonsense” is no e-mail address." in done
    assert inline(looked) + inline(done) == []


def test_affiliates_of_another_company_cannot_be_taken_over(program: Program, enter: Enter) -> None:
    other = makers.make_merchant("Other", makers.make_user("eve@other.example", name="Eve"))
    eve = other.members.get().user

    answer = enter(eve).post(
        PEOPLE, {"program": program.pk, "text": "name,email,code\nB,b@b.example,bert\n", "act": "take"}
    )

    assert "Select a valid choice" in answer.content.decode()
    assert not Enrollment.objects.filter(code="bert").exists()


def test_analyst_takes_nobody_over(program: Program, ada: User, enter: Enter) -> None:
    assert enter(ada).get(PEOPLE).status_code == 403
