"""The monitor of all connections, the same figures on each one's page, its pace, and the letters of its troubles."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from affiliates.models import Enrollment, Program
from core.models import Event, User
from integrations import actions
from integrations.models import Connection, ConnectionHour, Delivery, Trouble
from portal import notices
from portal.models import Brand
from tests import makers
from tests.house.markup import inline

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
MONITOR = "/admin/integrations/connection/monitor/"
HOUR = timedelta(hours=1)


@pytest.fixture
def hook(program: Program) -> Connection:
    return makers.make_connection(
        program,
        connector="webhook",
        name="Warehouse",
        source="hook",
        base_url="https://h.example.com/",
        secrets={"webhook_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    )


def this_hour() -> Any:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def page(row: Connection) -> str:
    return reverse("admin:integrations_connection_change", args=[row.pk])


def verb(row: Connection, name: str) -> str:
    return reverse("admin:integrations_connection_verb", args=[row.pk, name])


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_monitor_says_how_each_connection_is(
    hook: Connection, program: Program, mia: User, enter: Enter
) -> None:
    shop = makers.make_connection(program, name="Shop")
    makers.make_reconciliation(shop)
    actions.pace(hook, budget=100)
    ConnectionHour.objects.create(
        connection=hook,
        hour=this_hour(),
        calls=85,
        answered=80,
        delivered=80,
        failures=5,
        errors=5,
        lag_5=80,
        quota={"daily_left": 40, "daily": 50},
    )
    makers.make_delivery(hook)
    makers.make_delivery(hook, state="due", done_at=None, created_at=timezone.now() - 2 * HOUR)
    actions.watch()

    text = text_of(enter(mia).get(MONITOR))

    for words in (
        "needs a look",
        "85 of the day’s 100 calls are spent.",
        "The oldest message has waited for 120 minutes.",
        "1 message was given up",
        "80 taken, 5 failed",
        "85 of 100 calls today",
        "today: 40 of 50 left",
        "95 % within 4.8 s",
        "1 differed",
        "100.0 %",
        "the oldest for 2",
    ):
        assert words in text
    assert text.index("Warehouse") < text.index(">Shop<")  # trouble first


def test_monitor_of_a_company_without_connections_says_what_will_stand_there(
    program: Program, mia: User, enter: Enter
) -> None:
    text = text_of(enter(mia).get(MONITOR))

    assert "Nothing is connected yet" in text
    assert "/admin/integrations/connection/add/" in text


def test_monitor_shows_no_other_company(
    hook: Connection, stranger: Enrollment, eve: User, enter: Enter
) -> None:
    assert "Warehouse" not in text_of(enter(eve).get(MONITOR))


def test_cut_connections_do_not_stand_there(hook: Connection, mia: User, enter: Enter) -> None:
    actions.disconnect(hook)
    client = enter(mia)

    assert "Warehouse" not in text_of(client.get(MONITOR))
    assert "The last 24 hours" not in text_of(client.get(page(hook)))


def test_number_of_queries_does_not_grow(
    hook: Connection, program: Program, mia: User, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    client = enter(mia)
    client.get(MONITOR)
    with django_assert_max_num_queries(200) as few:
        client.get(MONITOR)
    for number in range(6):
        row = makers.make_connection(program, source=f"shop-{number}")
        makers.make_reconciliation(row)
        ConnectionHour.objects.create(connection=row, hour=this_hour(), calls=1)
        Trouble.objects.create(connection=row, kind="lag", sentence="late")

    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(MONITOR)


@pytest.mark.parametrize("with_rows", [False, True])
def test_pages_have_no_inline_script_or_style(
    hook: Connection, mia: User, enter: Enter, with_rows: bool
) -> None:
    if with_rows:
        ConnectionHour.objects.create(connection=hook, hour=this_hour(), calls=9, delivered=7, failures=2)
    client = enter(mia)

    assert [found for path in (MONITOR, page(hook)) for found in inline(text_of(client.get(path)))] == []


def test_connections_own_page_tells_its_day(hook: Connection, mia: User, enter: Enter) -> None:
    client = enter(mia)
    assert "Nothing was sent in this time." in text_of(client.get(page(hook)))

    ConnectionHour.objects.create(
        connection=hook,
        hour=this_hour(),
        calls=9,
        answered=7,
        delivered=7,
        failures=2,
        unanswered=2,
        lag_1=7,
    )
    Trouble.objects.create(connection=hook, kind="lag", sentence="The oldest message has waited long.")
    text = text_of(client.get(page(hook)))

    assert "half within 0.5 s, 95 % within 0.9 s" in text
    assert "2 × no answer" in text
    assert "answered in 1 of 1 hour in which it was called" in text
    waits = f"/admin/integrations/delivery/?connection__id__exact={hook.pk}&amp;state__exact=due"
    link = f'<a href="{waits}">Look at what waits</a>'
    assert f'<p class="warnbox bad">The oldest message has waited long. {link}</p>' in text
    assert 'role="img"' in text


def test_sidebar_leads_there_and_says_where_one_is(hook: Connection, mia: User, enter: Enter) -> None:
    client = enter(mia)

    def here(path: str) -> list[str]:
        groups = client.get(path).context["console_nav"]
        return [str(item.title) for group in groups for item in group["items"] if item.is_here]

    assert here(MONITOR) == ["Sync monitor"]
    assert here("/admin/integrations/connection/") == ["Connections"]
    assert here(page(hook)) == ["Connections"]
    assert here("/admin/integrations/delivery/transfers/") == ["Transfers"]
    assert here("/admin/integrations/delivery/") == ["Deliveries"]


def test_pace_is_asked_for_with_what_holds_and_set(hook: Connection, mia: User, enter: Enter) -> None:
    client = enter(mia)
    wanted = {"budget": "500", "flow": "batch", "schedule": "6:30", "confirm": "1"}

    client.post(verb(hook, "pace"), wanted)

    hook.refresh_from_db()
    assert hook.options == {"budget": 500, "flow": "batch", "schedule": "06:30"}
    text = text_of(client.get(verb(hook, "pace")))
    assert 'value="500"' in text
    assert '<option value="batch" selected>' in text
    assert 'value="06:30"' in text
    assert "daily at 06:30" in text_of(client.get(page(hook)))


@pytest.mark.parametrize(
    "wrong", [{"schedule": "25:00"}, {"budget": "-1"}, {"budget": "many"}, {"flow": "sometimes"}]
)
def test_pace_that_cannot_be_is_explained(
    hook: Connection, mia: User, enter: Enter, wrong: dict[str, str]
) -> None:
    answer = enter(mia).post(
        verb(hook, "pace"), {"budget": "1", "flow": "batch", "schedule": "hourly"} | wrong
    )

    assert "errorlist" in text_of(answer)
    hook.refresh_from_db()
    assert hook.options == {}


def test_batch_is_sent_now_by_its_button(hook: Connection, mia: User, enter: Enter) -> None:
    client = enter(mia)
    assert "send_now" not in text_of(client.get(page(hook)))  # it is no batch
    actions.pace(hook, flow="batch", schedule="hourly")
    row = makers.make_delivery(
        hook, state="due", attempts=0, done_at=None, next_at=timezone.now() + 24 * HOUR
    )
    client.post(verb(hook, "send_now"))

    row.refresh_from_db()
    assert row.next_at <= timezone.now()
    assert Event.objects.get(kind="connection.hastened").actor == mia


def test_analyst_and_strangers_set_no_pace(
    hook: Connection, ada: User, stranger: Enrollment, eve: User, enter: Enter
) -> None:
    for who in (ada, eve):
        enter(who).post(verb(hook, "pace"), {"budget": "1", "flow": "batch", "schedule": "hourly"})

    hook.refresh_from_db()
    assert hook.options == {}


def test_spent_budget_is_said_where_messages_wait(hook: Connection, mia: User, enter: Enter) -> None:
    actions.pace(hook, budget=1)
    ConnectionHour.objects.create(connection=hook, hour=this_hour(), calls=1)
    makers.make_delivery(hook, state="due", attempts=0, done_at=None)
    actions.serve(hook.pk)

    text = text_of(enter(mia).get(page(hook)))

    assert Delivery.objects.get().attempts == 0
    assert "The day’s calls are spent: messages wait until midnight, UTC. Nothing is lost." in text


def letters(kind: str) -> list[tuple[list[str], str]]:
    before = len(mail.outbox)
    notices.send(Event.objects.filter(kind=kind).latest("pk"))
    return [(letter.to, letter.subject) for letter in mail.outbox[before:]]


def test_those_who_manage_integrations_get_one_letter_each_way(
    hook: Connection, brand: Brand, olga: User, mia: User, fin: User, ada: User
) -> None:
    row = makers.make_delivery(hook, state="due", done_at=None, created_at=makers.NOON)
    actions.watch()

    told = letters("connection.troubled")
    assert sorted(to for to, _subject in told) == sorted([[olga.email], [mia.email]])
    assert {subject for _to, subject in told} == {"“Warehouse” needs a look"}
    body = str(mail.outbox[-1].body)
    assert "The oldest message has waited for" in body
    assert page(hook) in body
    assert letters("connection.troubled") == []  # sent already

    actions.skip_delivery(row)
    actions.watch(at=timezone.now() + HOUR)
    assert {subject for _to, subject in letters("connection.recovered")} == {"“Warehouse” works again"}


def test_trouble_that_is_over_by_now_is_not_written_of(hook: Connection, brand: Brand, mia: User) -> None:
    makers.make_delivery(hook, state="due", done_at=None, created_at=makers.NOON)
    actions.watch()
    Trouble.objects.update(ended_at=timezone.now())

    assert letters("connection.troubled") == []
