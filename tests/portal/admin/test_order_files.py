"""The managers' pages of files of sales, and of the door for postbacks."""

import csv
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from affiliates.models import Enrollment, Program
from core import jobs
from core.models import Job, User
from integrations import actions
from integrations.connectors import CONNECTORS
from integrations.models import Connection, OrderFile
from tests import makers
from tests.house.markup import inline
from tests.makers import make_order_file
from tracking.models import Order

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
ADD = "/admin/integrations/orderfile/add/"
HEAD = "order,date,total,currency,code\n"
TWO = HEAD + "S-1,2026-11-02 12:00,100.00,EUR,ann-archer\nS-2,tomorrow,1.00,EUR,\n"


def page(row: Any, kind: str = "change", *more: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{kind}", args=[row.pk, *more])


def upload(client: Client, program: Program, content: bytes, **fields: str) -> Any:
    file = SimpleUploadedFile("sales.csv", content, content_type="text/csv")
    return client.post(
        ADD, {"program": program.pk, "source": "store", "channel": "store", "file": file, **fields}
    )


def work() -> None:
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()


def test_manager_uploads_looks_and_takes_in(
    program: Program, ann: Enrollment, mia: User, enter: Enter
) -> None:
    client = enter(mia)

    answer = upload(client, program, TWO.encode())
    file = OrderFile.objects.get()
    looked = client.get(page(file)).content.decode()
    counted_before = Order.objects.count()
    client.post(page(file, "verb", "confirm"), {})
    work()
    done = client.get(page(file)).content.decode()

    assert (answer.status_code, answer.url) == (302, page(file))
    assert "Ann Archer, by the code ann-archer" in looked
    assert "“tomorrow” is no date" in looked
    assert (counted_before, Order.objects.count()) == (0, 1)
    assert "What was left out" in done
    assert inline(looked) + inline(done) == []


def test_file_that_cannot_be_read_is_told_why_on_the_form(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)

    answer = upload(client, program, b"a,b\n1,2\n")
    shown = client.get(answer.url).content.decode()

    assert "These columns are missing: order, date, total." in shown
    assert OrderFile.objects.count() == 0


def test_refused_rows_are_downloaded_before_and_after(program: Program, mia: User, enter: Enter) -> None:
    client, file = enter(mia), make_order_file(program, TWO.replace("tomorrow", "=tomorrow"))
    address = page(file, "refused")

    before = b"".join(client.get(address)).decode("utf-8-sig")
    actions.confirm_file(file)
    work()
    after = b"".join(client.get(address)).decode("utf-8-sig")

    rows = list(csv.reader(before.splitlines()))
    assert before == after
    assert rows[0][:4] == ["row", "reason", "order", "date"]
    assert (rows[1][0], rows[1][2], rows[1][3]) == ("3", "S-2", "'=tomorrow")


def test_example_is_a_table_that_we_read(program: Program, mia: User, enter: Enter) -> None:
    answer = enter(mia).get("/admin/integrations/orderfile/example.csv")

    assert answer["Content-Disposition"] == 'attachment; filename="sales.csv"'
    assert answer.content.decode().startswith("order,date,total,")


def test_progress_asks_for_the_whole_page_once_it_is_over(program: Program, mia: User, enter: Enter) -> None:
    client, file = enter(mia), actions.confirm_file(make_order_file(program, TWO))

    going = client.get(page(file, "progress"))
    work()
    over = client.get(page(file, "progress"))

    assert "0 of 2 orders looked at" in going.content.decode()
    assert ("HX-Refresh" in going, "HX-Refresh" in over) == (False, True)


def test_reader_looks_and_may_do_nothing(program: Program, ada: User, enter: Enter) -> None:
    client, file = enter(ada), make_order_file(program, TWO)

    answers = [
        client.get(page(file)).status_code,
        client.post(page(file, "verb", "confirm"), {}).status_code,
        upload(client, program, TWO.encode()).status_code,
    ]

    file.refresh_from_db()
    assert answers == [200, 403, 403]
    assert (file.state, OrderFile.objects.count()) == ("uploaded", 1)


def test_another_owner_finds_no_file(program: Program, other: Program, eve: User, enter: Enter) -> None:
    client, file = enter(eve), make_order_file(program, TWO)

    answers = [client.get(page(file, kind)).status_code for kind in ("refused", "progress")]
    foreign = upload(client, program, TWO.encode())

    assert answers == [404, 404]
    assert foreign.status_code == 200  # the form again: there is no such program for her
    assert OrderFile.objects.count() == 1


def test_list_does_not_load_the_files(
    program: Program, mia: User, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    client = enter(mia)
    for number in range(3):
        make_order_file(program, TWO, name=f"sales-{number}.csv")

    with django_assert_max_num_queries(40) as asked:
        client.get("/admin/integrations/orderfile/")

    assert [
        query for query in asked.captured_queries if '"integrations_orderfile"."text"' in query["sql"]
    ] == []


def test_postback_is_opened_in_the_console_with_examples(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)
    form = {
        "program": program.pk,
        "connector": "postback",
        "name": "Tracker",
        "source": "tracker",
        "base_url": "",
    }

    client.post("/admin/integrations/connection/add/", form)
    row = Connection.objects.get()
    shown = client.get(page(row)).content.decode()
    secret = client.get(reverse("admin:integrations_connection_secret", args=[row.pk])).content.decode()

    assert row.connector == "postback"
    assert f"/postback/{row.public_id}?order={{order}}" in shown
    assert row.secrets["webhook_secret"] not in shown
    assert row.secrets["webhook_secret"] in secret
    assert inline(shown) + inline(secret) == []


def test_secret_of_a_postback_is_replaced_in_the_console(program: Program, mia: User, enter: Enter) -> None:
    row = actions.connect(program, connector="postback", name="Tracker", source="tracker")
    former = row.secrets["webhook_secret"]

    enter(mia).post(reverse("admin:integrations_connection_secret", args=[row.pk]))

    row.refresh_from_db()
    assert row.secrets["previous_secret"] == former
    assert row.secrets["webhook_secret"] != former


def test_kind_is_chosen_first(program: Program, mia: User, enter: Enter) -> None:
    client, add = enter(mia), "/admin/integrations/connection/add/"

    shown = client.get(add).content.decode()
    client.post(add, {"program": program.pk, "name": "Shop", "source": "shop", "base_url": ""})

    assert [f"?connector={name}" in shown for name in CONNECTORS] == [True] * len(CONNECTORS)
    assert Connection.objects.count() == 0


def test_file_of_one_row_says_so(program: Program, mia: User, enter: Enter) -> None:
    file = make_order_file(program, HEAD + "S-1,2026-11-02,1.00,EUR,\n")
    makers.make_brand(program.merchant, program)

    shown = enter(mia).get(page(file)).content.decode()

    assert "nobody is named" in shown
    assert "What will be left out" not in shown


def test_forgotten_file_still_says_what_was_left_out(program: Program, mia: User, enter: Enter) -> None:
    client, file = enter(mia), make_order_file(program, TWO)
    actions.take_file(actions.confirm_file(file))
    actions.forget_file(file)

    shown = client.get(page(file)).content.decode()

    assert "“tomorrow” is no date" in shown
    assert "The file itself is forgotten" in shown
    assert page(file, "refused") not in shown
    assert client.get(page(file, "refused")).status_code == 404


@pytest.mark.parametrize(("kind", "name"), [("postback", "Postback"), ("woocommerce", "WooCommerce")])
def test_whoever_connects_something_sees_its_page_next(
    program: Program, mia: User, enter: Enter, kind: str, name: str
) -> None:
    client, add = enter(mia), "/admin/integrations/connection/add/"

    answer = client.post(
        add, {"program": program.pk, "connector": kind, "name": "Tracker", "source": "tracker"}
    )
    made = Connection.objects.get()
    listed = client.get("/admin/integrations/connection/").content.decode()

    assert answer.headers["Location"] == page(made)
    assert actions.delivery_url(made) in client.get(answer.url).content.decode()
    assert f'<td class="field-kind">{name}</td>' in listed


@pytest.mark.parametrize(("kind", "count"), [("postback", 0), ("woocommerce", 3)])
def test_only_a_store_is_asked_for_an_address_and_keys(
    mia: User, program: Program, enter: Enter, kind: str, count: int
) -> None:
    shown = enter(mia).get(f"/admin/integrations/connection/add/?connector={kind}").content.decode()

    asked = re.findall(r'name="(base_url|consumer_key|consumer_secret)"', shown)
    assert len(asked) == count
    assert f'name="connector" value="{kind}"' in shown


def test_address_that_a_postback_does_not_need_stops_nobody(
    program: Program, mia: User, enter: Enter
) -> None:
    told = {"program": program.pk, "connector": "postback", "name": "App", "source": "app", "base_url": "?"}

    enter(mia).post("/admin/integrations/connection/add/", told)

    assert Connection.objects.get().base_url == ""
