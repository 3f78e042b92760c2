"""Whom of our customers a far side keeps, and whom its records are of.

A record is known by what we keep of it, by our key, by the person of a deal, by the e-mail address, in that order. Whom
a won deal only names, by a shop's number or a phone, is a customer of ours if it can be nobody else.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Replace

from integrations.connectors import CONNECTORS
from integrations.connectors.records import Change, is_shop
from integrations.models import Connection, RemoteRecord
from tracking.identity import normal_email, normal_phone
from tracking.models import Customer, Order

LONGEST = 18  # digits of an id
BETWEEN_DIGITS = " -/().\u00a0"
MOST_ALIKE = 10


def kept_at(connection: Connection) -> QuerySet[Customer]:
    """Return the customers of a connection's program whom it can keep: a shop knows none but its own."""
    rows: QuerySet[Customer] = Customer.objects.select_related("program").filter(
        program=connection.program_id
    )
    if is_shop(CONNECTORS[connection.connector]):
        rows = rows.filter(source=connection.source).exclude(external_id="")
    return rows


def number_of(key: str, noun: str = "customer") -> int | None:
    """Return the id of the customer (or another noun) that a key names; None for any other text."""
    named, _colon, number = key.partition(":")
    is_id = number.isascii() and number.isdigit() and len(number) <= LONGEST
    return int(number) if named == noun and is_id else None


def owners_of(
    connection: Connection, changes: Sequence[Change], known: RemoteRecord | None = None
) -> dict[str, Customer]:
    """Return the record's number there -> whose it is, for those that are customers' of the connection's program.

    `known` is what we keep of the one record, if only one is asked about and it is known.
    """
    persons = _persons(connection, changes)
    keys = {
        change.remote_id: [known.local_key if known else "", change.key, persons.get(change.contact, "")]
        for change in changes
    }
    numbers = {one: [number_of(key) for key in named] for one, named in keys.items()}
    if known is not None and (order := number_of(known.local_key, "order")) is not None:
        buyer = Order.objects.filter(program=connection.program_id, pk=order).values_list(
            "customer_id", flat=True
        )
        numbers = {one: [*named, buyer.first()] for one, named in numbers.items()}
    emails = {change.remote_id: normal_email(change.email) for change in changes}
    rows = Customer.objects.select_related("program").filter(program=connection.program_id)
    by_number = rows.in_bulk({number for named in numbers.values() for number in named if number is not None})
    by_email = {row.email: row for row in rows.filter(email__in=set(emails.values()) - {""})}
    found = {
        one: next((by_number[number] for number in named if number in by_number), by_email.get(emails[one]))
        for one, named in numbers.items()
    }
    return {one: customer for one, customer in found.items() if customer is not None}


def named_by(connection: Connection, number: str, phone: str) -> Customer | None:
    """Return the customer with this number of a shop, else with this phone; None where that may be several people."""
    rows = Customer.objects.filter(program=connection.program_id)
    if number:
        ours = number_of(number)
        alike = rows.filter(pk=ours) if ours is not None else rows.filter(external_id=number).order_by("pk")
        found: list[Customer] = list(alike[:2])
        if len(found) == 1:
            return found[0]
    digits = normal_phone(phone)
    return _only_one(rows, digits) if digits else None


def _only_one(rows: QuerySet[Customer], digits: str) -> Customer | None:
    """The one whose phone ends so, however it is written; numbers are kept as people write them."""
    bare: Any = F("phone")
    for sign in BETWEEN_DIGITS:
        bare = Replace(bare, Value(sign), Value(""))
    alike = rows.exclude(phone="").alias(bare=bare).filter(bare__endswith=digits).order_by("pk")
    found = [row for row in alike[:MOST_ALIKE] if normal_phone(row.phone) == digits]
    return found[0] if len(found) == 1 else None


def _persons(connection: Connection, changes: Sequence[Change]) -> dict[str, str]:
    """Return the number of a contact there -> our key of the customer."""
    contacts = {change.contact for change in changes} - {""}
    rows = RemoteRecord.objects.filter(connection=connection, remote_id__in=contacts).exclude(kind="deal")
    return dict(rows.values_list("remote_id", "local_key"))
