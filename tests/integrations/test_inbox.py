"""The door for any system with a webhook: what is genuine, what is the same, what it means, and what is put aside."""

import json
from typing import Any

import pytest

from affiliates.models import Enrollment
from commissions.models import Commission
from integrations import actions
from integrations.models import Connection, Inbound
from tests import makers
from tests.integrations.inbox import (
    LEAD,
    ORDER,
    PAID,
    REFUND,
    SECRET,
    mapped,
    paid,
    post,
    send,
    signature,
    work,
)
from tracking.models import Order, Refund


@pytest.fixture
def inbox(anna: Enrollment) -> Connection:
    """A system of the house's own making."""
    return makers.make_connection(
        anna.program, connector="inbox", source="own", base_url="", secrets={"webhook_secret": SECRET}
    )


def rows(sheet: dict[str, Any], **changes: dict[str, Any]) -> dict[str, Any]:
    """A mapping with other rows for some fields (order_total for order.total)."""
    changed = {name.replace("_", ".", 1): row for name, row in changes.items()}
    kept = [row for row in sheet["rows"] if row["target"] not in changed]
    return {**sheet, "rows": [*kept, *({"target": name, **row} for name, row in changed.items())]}


def test_mapped_order_is_taken_and_earns(inbox: Connection, anna: Enrollment) -> None:
    mapped(inbox, order=ORDER)

    inbound = send(inbox, PAID)

    order = Order.objects.get()
    assert (inbound.topic, inbound.state) == ("order.paid", "done")
    assert (order.source, order.external_id, order.total, order.currency) == ("own", "5001", 12990, "EUR")
    assert order.snapshot["occurred_at"] == "2026-11-20T14:02:11+00:00"
    assert order.snapshot["customer"]["country"] == "DE"
    assert order.snapshot["channel"] == "webhook"
    assert [(line["sku"], line["net"]) for line in order.snapshot["lines"]] == [("MUG", 8000), ("CUP", 2000)]
    assert [(one.enrollment, one.net.amount) for one in Commission.objects.all()] == [(anna, 1000)]


@pytest.mark.parametrize(
    "shown",
    [
        {"X_Signature": "{hex}"},
        {"X_Signature": "{base64}"},
        {"X_Hub_Signature_256": "sha256={hex}"},
        {"X_Signature": "{HEX}"},
        {"Authorization": "Bearer {secret}"},
        {"Authorization": "{secret}"},
        {"X_Token": "{secret}"},
        {"query": "?token={secret}"},
        {"query": "?a=1&token={secret}"},
        {"query": "?token=wrong", "X_Signature": "{hex}"},
    ],
)
def test_genuine_message_is_kept_as_it_came(inbox: Connection, shown: dict[str, str]) -> None:
    body = b'{ "a":  1 }'
    words = {
        "hex": signature(body),
        "HEX": signature(body).upper(),
        "base64": signature(body, base64_=True),
        "secret": SECRET,
    }

    status = post(inbox, body, **{name: value.format(**words) for name, value in shown.items()})

    assert status == 200
    assert bytes(Inbound.objects.get().body) == body
    assert SECRET not in str(Inbound.objects.get().headers)


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"X_Signature": "0" * 64},
        {"X_Signature": ""},
        {"X_Signature": "sha256="},
        {"X_Signature": "ü"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic " + SECRET},
        {"query": "?token="},
        {"query": "?token=" + SECRET + "x"},
        {"query": "?key=" + SECRET},
        {"query": "?token={hex}"},  # a signature in the address would be of another message next time
        {"query": "?" + "&".join(["token=x"] * 60)},
    ],
)
def test_forged_message_is_not_kept(inbox: Connection, shown: dict[str, str]) -> None:
    words = {name: value.replace("{hex}", signature(b"{}")) for name, value in shown.items()}

    assert post(inbox, b"{}", **words) == 401
    assert Inbound.objects.count() == 0


def test_signature_of_another_body_opens_nothing(inbox: Connection) -> None:
    assert post(inbox, b'{"a":2}', X_Signature=signature(b'{"a":1}')) == 401
    assert Inbound.objects.count() == 0


def test_header_that_is_named_is_the_only_one(inbox: Connection) -> None:
    inbox.options = {"header": "X-Shop-Hmac"}
    inbox.save(update_fields=["options"])

    assert post(inbox, b"{}", X_Signature=signature(b"{}")) == 401
    assert post(inbox, b"{}", X_Shop_Hmac=signature(b"{}")) == 200


def test_their_own_secret_and_the_former_one_are_good(inbox: Connection) -> None:
    inbox.secrets |= {"their_secret": "theirs", "previous_secret": "former"}
    inbox.save(update_fields=["secrets"])

    statuses = [
        post(inbox, b'{"a":%d}' % n, X_Signature=signature(b'{"a":%d}' % n, secret))
        for n, secret in enumerate(["theirs", "former", SECRET, ""])
    ]

    assert statuses == [200, 200, 200, 401]


def test_secret_of_another_company_opens_nothing(inbox: Connection, stranger: Enrollment) -> None:
    makers.make_connection(stranger.program, connector="inbox", secrets={"webhook_secret": "hers"})

    assert post(inbox, b"{}", X_Signature=signature(b"{}", "hers")) == 401


def test_connection_that_was_cut_has_no_secret_that_could_be_guessed(inbox: Connection) -> None:
    inbox.secrets = {}
    inbox.save(update_fields=["secrets"])

    assert post(inbox, b"{}", X_Signature=signature(b"{}", "")) == 401
    assert post(inbox, b"{}", "?token=") == 401


def test_same_content_is_the_same_message(inbox: Connection) -> None:
    mapped(inbox, order=ORDER)
    first = send(inbox, PAID)
    again = send(inbox, PAID)

    assert (first.pk, again.repeats, Order.objects.count()) == (again.pk, 1, 1)


def test_same_id_is_the_same_message_where_a_path_to_it_is_named(inbox: Connection) -> None:
    inbox.options = {"message_id": "event_id"}
    inbox.save(update_fields=["options"])

    send(inbox, PAID)
    send(inbox, {**PAID, "sent_again": True})
    send(inbox, {**PAID, "event_id": "evt_2"})
    send(inbox, {"type": "without id"})

    assert Inbound.objects.count() == 3


def test_message_for_which_no_condition_holds_is_not_for_us(inbox: Connection) -> None:
    mapped(inbox, order=ORDER)

    inbound = send(inbox, {**PAID, "type": "order.viewed"})

    assert (inbound.state, inbound.note) == ("ignored", "No mapping is meant for it: no conditions hold.")
    assert Order.objects.count() == 0


def test_refund_goes_off_the_commission(inbox: Connection) -> None:
    mapped(inbox, order=ORDER, refund=REFUND)
    send(inbox, PAID)

    inbound = send(
        inbox,
        {
            "type": "order.refunded",
            "refund": {"id": "r1", "order_id": 5001, "cents": 6495, "currency": "EUR"},
        },
    )

    assert (inbound.state, Refund.objects.get().gross) == ("done", 6495)


def test_refund_before_its_order_waits_for_it(inbox: Connection) -> None:
    mapped(inbox, order=ORDER, refund=REFUND)
    message = {
        "type": "order.refunded",
        "refund": {"id": 1, "order_id": 5001, "cents": 100, "currency": "EUR"},
    }

    inbound = send(inbox, message)

    assert inbound.note == "Refund 1 is kept and waits for order 5001."


def test_signup_is_a_lead_of_its_goal(inbox: Connection, anna: Enrollment) -> None:
    mapped(inbox, order=ORDER, lead=LEAD)

    inbound = send(inbox, {"type": "signup", "user": {"id": "u1", "email": "x@example.com", "ref": "anna"}})

    order = Order.objects.get()
    assert inbound.state == "done"
    assert (order.external_id, order.snapshot["goal"], order.total) == ("signup:u1", "signup", 0)


def test_mapping_with_conditions_goes_before_one_without(inbox: Connection) -> None:
    mapped(inbox, order={**ORDER, "when": []}, refund=REFUND)

    send(inbox, PAID)
    send(
        inbox,
        {"type": "order.refunded", "refund": {"id": 1, "order_id": 5001, "cents": 1, "currency": "EUR"}},
    )

    assert (Order.objects.count(), Refund.objects.count()) == (1, 1)


def test_nothing_mapped_puts_the_message_aside(inbox: Connection) -> None:
    inbound = send(inbox, PAID)

    assert inbound.state == "quarantined"
    assert inbound.note == "Nothing is mapped yet: say on the connection’s page which fields mean what."


def test_what_was_put_aside_is_taken_in_once_the_mapping_is_mended(inbox: Connection) -> None:
    mapped(inbox, order=rows(ORDER, order_currency={"source": "order.money"}))
    inbound = send(inbox, paid(money="euros"))
    before = inbound.state, inbound.note, Order.objects.count()
    mending = {"source": "order.money", "steps": [{"do": "map", "with": ["euros -> EUR"]}]}

    mapped(inbox, order=rows(ORDER, order_currency=mending))
    actions.replay(inbound)

    inbound.refresh_from_db()
    assert before == ("quarantined", "“currency” is too long: at most 3 letters.", 0)
    assert (inbound.state, Order.objects.get().total) == ("done", 12990)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        (
            {"customer": {"country": "Atlantis"}},
            "customer.country: “Atlantis” is no country that we know.",
        ),
        ({"created_at": "20.11.2026"}, "order.occurred_at: “20.11.2026” is no time of the form iso."),
        ({"total_price": None}, "“total” is missing: what the customer paid, like 129.90."),
        ({"total_price": "-5.00"}, "total: -5.00 is negative; an amount of 0 or more is wanted."),
        (
            {"total_price": "1.234,50"},
            "total: '1.234,50' is not an amount: write digits and a point, like \"129.90\".",
        ),
        ({"total_price": {"amount": 5}}, None),
        ({"currency": "XXX"}, "'XXX' is not a currency code of ISO 4217, like EUR."),
        ({"id": None}, "“order” is missing: the order's number, by which it is counted once."),
        ({"line_items": {"sku": "A"}}, "lines: What the lines come from is no list."),
        (
            {"line_items": [{"sku": "A", "price": "x", "quantity": 1}]},
            "lines[].net: “x” is no number like 1234.5.",
        ),
        ({"customer": {"email": "nobody"}}, "“email” is no e-mail address."),
        ({"customer": {"id": ["a"]}}, "“customer” is not a text."),
    ],
)
def test_field_that_cannot_be_read_puts_the_message_aside_in_words(
    inbox: Connection, changes: dict[str, Any], note: str | None
) -> None:
    mapped(inbox, order=ORDER)

    inbound = send(inbox, paid(**changes))

    assert inbound.state == "quarantined"
    assert note is None or inbound.note == note
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"\xff", b"{", b'{"a":' * 3000, b"hello", b"a=\xff", b"a=%00"]
)
def test_odd_body_is_kept_and_put_aside(inbox: Connection, body: bytes) -> None:
    mapped(inbox, order=ORDER)

    assert post(inbox, body, X_Signature=signature(body)) == 200
    work()

    assert Inbound.objects.get().state == "quarantined"


def test_form_is_read_like_a_flat_object(inbox: Connection) -> None:
    rows_ = [
        {"target": "order.number", "source": "nr"},
        {"target": "order.total", "source": "sum", "steps": [{"do": "number", "with": ["comma", "point"]}]},
        {"target": "order.currency", "constant": "EUR"},
    ]
    mapped(inbox, order=rows_)
    body = b"nr=A+1&sum=1.234%2C50"

    post(inbox, body, X_Signature=signature(body))
    work()

    assert (Order.objects.get().external_id, Order.objects.get().total) == ("A 1", 123450)


def test_later_word_of_an_order_is_the_one_that_was_changed_later(inbox: Connection) -> None:
    states = {"source": "order.status", "steps": [{"do": "map", "with": ["paid -> sale", "off -> void"]}]}
    sheet = rows(ORDER, order_state=states)
    sheet["rows"].append({"target": "order.changed_at", "source": "order.updated"})
    mapped(inbox, order=sheet)

    send(inbox, paid(status="off", updated="2026-11-22T00:00:00Z"))
    older = send(inbox, paid(status="paid", updated="2026-11-21T00:00:00Z"))

    assert Order.objects.get().state == "void"
    assert older.note == "Order 5001: a newer state of it is known already."


def test_phone_is_kept_with_the_order(inbox: Connection) -> None:
    phone = {"source": "order.phone", "steps": [{"do": "phone", "with": ["DE"]}]}
    mapped(inbox, order=rows(ORDER, customer_phone=phone))

    send(inbox, paid(phone="030 123456"))

    assert Order.objects.get().snapshot["customer"]["phone"] == "+4930123456"


def test_body_of_two_megabytes_is_too_large(inbox: Connection) -> None:
    body = json.dumps({"a": "b" * 2_000_001}).encode()

    assert post(inbox, body, X_Signature=signature(body)) == 413
