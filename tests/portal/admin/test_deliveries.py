"""What managers see and do of messages to other systems."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from affiliates.models import Enrollment
from core.models import Event, User
from integrations.models import Connection, Delivery, Lane
from tests import makers
from tests.fakes.receiver import FakeReceiver

Enter = Callable[[Any], Client]
LIST = "admin:integrations_delivery_changelist"


def verb(row: Any, name: str) -> str:
    return reverse(f"admin:integrations_{row._meta.model_name}_verb", args=[row.pk, name])


def page(row: Any) -> str:
    return reverse(f"admin:integrations_{row._meta.model_name}_change", args=[row.pk])


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_page_shows_every_try_with_request_and_answer(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    busy.delivery.tries.create(number=2, at=makers.NOON, outcome="…")

    text = enter(mia).get(page(busy.delivery)).content.decode()

    assert "webhook-signature: ***" in text
    assert "The receiver answers with an error (500)." in text
    assert "Begun; its end is not known." in text
    assert "12 ms · 500" in text


def test_list_is_searched_by_object_and_by_message(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    other = makers.make_delivery(busy.delivery.connection, object_key="order:77")
    client = enter(mia)

    def found(term: str) -> list[Delivery]:
        return list(client.get(reverse(LIST), {"q": term}).context["cl"].queryset)

    assert found("order:77") == [other]
    assert found(str(other.message_id)) == [other]
    assert found(busy.delivery.message_id.hex) == [busy.delivery]
    assert found("order:78") == []


def test_list_has_tabs_and_filters(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    makers.make_delivery(busy.delivery.connection, state="done", kind="payout.paid")
    client = enter(mia)

    for query, count in (
        ({"state__exact": "dead"}, 1),
        ({"kind": "payout.paid"}, 1),
        ({"connection__id__exact": busy.delivery.connection_id}, 2),
        ({"connection__id__exact": busy.connection.pk}, 0),
    ):
        assert client.get(reverse(LIST), query).context["cl"].result_count == count


def test_list_takes_as_many_queries_for_many_rows(
    busy: SimpleNamespace, mia: User, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    client = enter(mia)
    client.get(reverse(LIST))
    with django_assert_max_num_queries(60) as few:
        client.get(reverse(LIST))
    for number in range(8):
        makers.make_delivery(busy.delivery.connection, object_key=f"order:{number}")

    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(reverse(LIST))


def test_given_up_message_is_tried_again(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    answer = enter(mia).post(verb(busy.delivery, "replay"), follow=True)

    busy.delivery.refresh_from_db()
    assert busy.delivery.state == "due"
    assert [sentence.partition(":")[0] for sentence in said(answer)] == ["Back in line"]
    assert Event.objects.get(kind="delivery.replayed").actor == mia


def test_many_are_tried_again_at_once(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    rows = [busy.delivery, *(makers.make_delivery(busy.delivery.connection) for _n in range(2))]
    done = makers.make_delivery(busy.delivery.connection, state="done")
    chosen = {"action": "replay", "_selected_action": [row.pk for row in (*rows, done)], "confirm": "1"}

    enter(mia).post(reverse(LIST), chosen)

    assert Delivery.objects.filter(state="due").count() == 3
    done.refresh_from_db()
    assert done.state == "done"


def test_message_is_skipped_or_sent_again(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    client = enter(mia)

    client.post(verb(busy.delivery, "skip"))
    busy.delivery.refresh_from_db()
    assert busy.delivery.state == "skipped"

    client.post(verb(busy.delivery, "again"))
    busy.delivery.refresh_from_db()
    assert busy.delivery.state == "due"


def test_analyst_and_strangers_send_nothing(
    busy: SimpleNamespace, ada: User, stranger: Enrollment, eve: User, enter: Enter
) -> None:
    for who in (ada, eve):
        for name in ("replay", "skip"):
            enter(who).post(verb(busy.delivery, name))

    busy.delivery.refresh_from_db()
    assert busy.delivery.state == "dead"


def test_connection_shows_how_things_stand(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    hook = busy.delivery.connection
    makers.make_delivery(hook, state="due")
    client = enter(mia)

    def standing() -> str:
        return str(client.get(page(hook)).context["out"]["standing"])

    out = client.get(page(hook)).context["out"]
    assert (out["waiting"], out["dead"], len(out["latest"])) == (1, 1, 2)
    assert standing() == "Messages go out."
    lane = Lane.objects.create(connection=hook, failures=2)
    assert standing() == "The last try failed; messages are tried again."
    lane.failures, lane.open_until = 7, timezone.now() + timedelta(seconds=100)
    lane.save()
    assert standing() == "Failed 7 times in a row: the next try is in 2 min at most."
    Connection.objects.filter(pk=hook.pk).update(state="paused", last_error="It wants no more.")
    assert standing() == "The connection is paused: messages wait."
    assert "It wants no more." in client.get(page(hook)).content.decode()
    assert client.get(page(busy.connection)).context["out"] == {}


def test_receiver_is_connected_with_its_choice(
    busy: SimpleNamespace, mia: User, enter: Enter, settings: Any
) -> None:
    with FakeReceiver() as receiver:
        settings.OUTBOUND_ALLOWED_HOSTS = [receiver.host]
        client, address = enter(mia), reverse("admin:integrations_connection_add") + "?connector=webhook"
        asked = client.get(address).content.decode()
        form = {
            "connector": "webhook",
            "program": busy.program.pk,
            "name": "Shipping",
            "source": "shipping",
            "base_url": receiver.url(),
            "kinds": "order.*",
            "filter": "program=1",
        }
        refused = client.post(address, {**form, "kinds": "orders"}, follow=True)
        client.post(address, form)

        made = Connection.objects.get(source="shipping")
        answer = client.post(verb(made, "test"), follow=True)

    assert 'name="kinds"' in asked
    assert said(refused) == ["There are no events of the kind “orders”."]
    assert made.options == {"kinds": ["order.*"], "filter": {"program": "1"}}
    assert said(answer)[-1] == "The receiver took a signed test event (200)."


def test_choice_is_changed_on_its_page(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    hook, client = busy.delivery.connection, enter(mia)
    Connection.objects.filter(pk=hook.pk).update(options={"kinds": ["order.*"], "filter": {}})

    assert 'value="order.*"' in client.get(verb(hook, "options")).content.decode()
    client.post(verb(hook, "options"), {"kinds": "payout.paid", "filter": ""})

    hook.refresh_from_db()
    assert hook.options == {"kinds": ["payout.paid"], "filter": {}}


def test_days_are_sent_again_in_the_programs_time_zone(
    busy: SimpleNamespace, mia: User, enter: Enter
) -> None:
    busy.program.time_zone = "Pacific/Auckland"  # NOON is one o'clock in the morning of the next day there
    busy.program.save()
    hook, client = busy.delivery.connection, enter(mia)
    day, next_day = "2026-11-02", "2026-11-03"

    wrong = client.post(verb(hook, "period"), {"first": next_day, "last": day})
    client.post(verb(hook, "period"), {"first": day, "last": day})
    busy.delivery.refresh_from_db()
    assert "The period ends before it begins." in wrong.content.decode()
    assert busy.delivery.state == "dead"

    client.post(verb(hook, "period"), {"first": next_day, "last": next_day})
    busy.delivery.refresh_from_db()
    assert busy.delivery.state == "due"


def test_whoever_disconnects_is_told_what_is_lost(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    hook, client = busy.delivery.connection, enter(mia)
    for _row in range(3):
        makers.make_delivery(hook, state="due")

    asked = client.get(verb(hook, "disconnect")).content.decode()
    hook.refresh_from_db()
    assert "3 messages wait to be sent; they are dropped." in asked
    assert hook.state == "active"

    client.post(verb(hook, "disconnect"))
    hook.refresh_from_db()
    assert (hook.state, hook.secrets) == ("disconnected", {})
    assert Delivery.objects.filter(connection=hook, state="skipped").count() == 3


@pytest.mark.parametrize("who", ["mia", "ada"])
def test_secret_is_shown_to_those_who_manage(
    busy: SimpleNamespace, who: str, request: pytest.FixtureRequest, enter: Enter
) -> None:
    address = reverse("admin:integrations_connection_secret", args=[busy.delivery.connection.pk])

    answer = enter(request.getfixturevalue(who)).get(address)

    assert ("whsec_" in answer.content.decode()) == (who == "mia")
    assert answer.status_code == (200 if who == "mia" else 403)
