"""What messages, their subjects and fields are called where people read them."""

import pytest

from integrations.message_words import (
    NOUNS,
    SENT,
    about_words,
    field_words,
    kind_words,
    message_title,
    title_of,
    topic_words,
)
from integrations.news.kinds import KINDS


def test_every_kind_that_outsiders_hear_of_has_words_and_a_noun() -> None:
    assert set(KINDS) <= set(SENT)
    assert {kind.partition(".")[0] for kind in SENT} <= set(NOUNS)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("order.revised", "Order changed"),
        ("record.contact", "Record of a contact"),
        ("record.lead", "Record of a lead"),
        ("new_thing.done", "New thing done"),
        ("", ""),
    ],
)
def test_kind_in_words(kind: str, words: str) -> None:
    assert kind_words(kind) == words


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("order.created", "Order created"),
        ("orders/updated", "Order changed"),
        ("ORDERS_CREATE", "Order created"),
        ("app/uninstalled", "App removed"),
        ("contact.propertyChange", "Contact changed"),
        ("contact.privacyDeletion", "Contact deleted"),
        ("change.person", "Person changed"),
        ("record.contact", "Contact changed"),
        ("action.woocommerce_order_refunded", "Order refunded"),
        ("checkout.session.completed", "Checkout session completed"),
        ("", ""),
        ("…", "…"),
    ],
)
def test_topic_in_words(topic: str, words: str) -> None:
    assert topic_words(topic) == words


def test_subject_in_words() -> None:
    assert about_words("order:7", "1001") == "Order 1001"
    assert about_words("payout:7") == "Payout 7"
    assert about_words("customer:7", "carla@example.net") == "carla@example.net"
    assert about_words("customer:7") == "Customer 7"
    assert about_words("anything") == "anything"


def test_titles_name_what_and_whom() -> None:
    assert title_of("order.revised", "order:7", "1001") == "Order changed · 1001"
    assert title_of("payout.paid", "payout:7") == "Payout paid · 7"
    assert message_title("orders/create", "1001") == "Order created · 1001"
    assert message_title("", "") == ""


def test_fields_of_other_systems_in_words() -> None:
    assert field_words("affiliate_lifetime_value") == "Affiliate lifetime value"
    assert field_words("Affiliate_Value__c") == "Affiliate value"
