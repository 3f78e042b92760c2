"""Connections: made, tried, repaired, paused, by those who may."""

from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from affiliates.roles import NotAllowed
from core.http import UnsafeURL
from core.models import Event, User
from integrations import actions
from integrations.models import Connection
from tests.fakes.woocommerce import FakeStore
from tests.integrations.deliveries import SECRET

TOPICS = ["order.created", "order.updated", "order.deleted", "order.restored"]


def connect(program: Program, **fields: Any) -> Connection:
    return actions.connect(
        program, **{"connector": "woocommerce", "name": "Shop", "source": "main", **fields}
    )


def test_connection_gets_a_secret_of_its_own(program: Program) -> None:
    one, two = connect(program), connect(program, source="second")

    assert len(one.secrets["webhook_secret"]) == 43
    assert one.secrets["webhook_secret"] != two.secrets["webhook_secret"]
    assert Event.objects.filter(kind="connection.created").count() == 2


def test_source_is_used_once_in_a_program(program: Program) -> None:
    connect(program)

    with pytest.raises(actions.AlreadyConnected, match="“main”"):
        connect(program)


@pytest.mark.parametrize(
    "url", ["http://shop.example.com", "https://127.0.0.1", "https://10.0.0.1", "ftp://x"]
)
def test_address_inside_or_without_encryption_is_refused(program: Program, url: str) -> None:
    with pytest.raises(UnsafeURL):
        connect(program, base_url=url)

    assert Connection.objects.count() == 0


def test_strangers_connect_nothing(program: Program, eve: User) -> None:
    with pytest.raises(NotAllowed):
        connect(program, actor=eve)

    assert Connection.objects.count() == 0


def test_webhooks_are_made_through_the_api(asked: Connection, store: FakeStore) -> None:
    assert actions.register_webhooks(asked) == []

    url = f"https://partners.example.com/hooks/{asked.public_id}"
    assert [hook["topic"] for hook in store.webhooks] == TOPICS
    assert {(hook["delivery_url"], hook["secret"], hook["status"]) for hook in store.webhooks} == {
        (url, SECRET, "active")
    }


def test_webhook_that_the_store_switched_off_is_repaired_not_doubled(
    asked: Connection, store: FakeStore
) -> None:
    actions.register_webhooks(asked)
    store.webhooks[1] |= {"status": "disabled", "secret": "old"}

    assert actions.register_webhooks(asked) == []

    assert len(store.webhooks) == 4
    assert (store.webhooks[1]["status"], store.webhooks[1]["secret"]) == ("active", SECRET)


def test_webhooks_of_others_are_left_alone(asked: Connection, store: FakeStore) -> None:
    foreign = {
        "id": 1,
        "topic": "order.updated",
        "delivery_url": "https://erp.example.com/",
        "status": "disabled",
    }
    store.webhooks.append(dict(foreign))

    actions.register_webhooks(asked)

    assert (store.webhooks[0], len(store.webhooks)) == (foreign, 5)


def test_without_keys_a_person_is_told_what_to_enter(connection: Connection) -> None:
    assert actions.register_webhooks(connection) == [
        f"In WooCommerce > Settings > Advanced > Webhooks, add one webhook for each topic: {', '.join(TOPICS)}.",
        f"Status: active. Delivery address: https://partners.example.com/hooks/{connection.public_id}",
        f"Secret, the same for all: {SECRET}",
    ]


def test_refused_registration_is_a_sentence(asked: Connection, store: FakeStore) -> None:
    store.fail(401, {"code": "woocommerce_rest_cannot_create"})

    sentences = actions.register_webhooks(asked)

    asked.refresh_from_db()
    assert sentences == [asked.last_error]
    assert asked.last_error.startswith("The store refuses the API keys (woocommerce_rest_cannot_create).")


def test_test_says_how_things_stand(asked: Connection, store: FakeStore) -> None:
    missing = actions.test_connection(asked)
    actions.register_webhooks(asked)
    well = actions.test_connection(asked)
    store.fail(503)
    trouble = actions.test_connection(asked)

    assert (
        missing
        == "The store answers, but these webhooks are missing or switched off: " + ", ".join(TOPICS) + "."
    )
    assert well == "The store answers, and the keys may read its orders."
    assert trouble == "The store is busy or has an error (503)."


def test_test_without_keys_says_what_is_missed(connection: Connection) -> None:
    sentence = "No API keys are set: refunds are estimated, and deleted orders wait for a person."

    assert actions.test_connection(connection) == sentence


def test_rotated_secret_leaves_the_former_one_good(connection: Connection) -> None:
    row = actions.rotate_secret(connection)

    assert row.secrets["previous_secret"] == SECRET
    assert row.secrets["webhook_secret"] != SECRET


def test_changed_keys_keep_the_secret(connection: Connection, store: FakeStore) -> None:
    row = actions.change_keys(connection, base_url=store.url, consumer_key=" ck ", consumer_secret="cs")

    assert row.secrets == {"webhook_secret": SECRET, "consumer_key": "ck", "consumer_secret": "cs"}
    assert row.base_url == store.url


def test_pause_is_recorded_once(connection: Connection) -> None:
    actions.pause(actions.pause(connection))

    assert Event.objects.filter(kind="connection.changed").count() == 1


@pytest.mark.parametrize("verb", ["pause", "resume", "rotate_secret", "register_webhooks", "test_connection"])
def test_strangers_may_nothing(connection: Connection, anna: Enrollment, eve: User, verb: str) -> None:
    with pytest.raises(NotAllowed):
        getattr(actions, verb)(connection, actor=eve)

    connection.refresh_from_db()
    assert (connection.state, connection.secrets) == ("active", {"webhook_secret": SECRET})
