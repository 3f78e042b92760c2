"""Real records for the page of a mapping: a customer of ours, and what the far side has of them, kept for a moment."""

from collections.abc import Mapping as Named
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.actions.record_fields import There
from integrations.actions.records import people
from integrations.actions.records.own_orders import KEY, in_doubt, orders_of
from integrations.connectors import CONNECTORS
from integrations.connectors.record_options import PER_ORDER
from integrations.connectors.records import RemoteField, Row, is_shop
from integrations.connectors.shop_orders import ORDER
from integrations.models import Connection, CustomerFact, RemoteRecord
from integrations.records import customer_record, deal_record, merge_key, order_record
from tracking.identity import normal_email
from tracking.models import Customer, Order

OFFERED = 12
KEPT_SECONDS = 900
KINDS = {
    "text": _("text"),
    "number": _("number"),
    "money": _("amount"),
    "date": _("date"),
    "time": _("time"),
    "yes_no": _("yes or no"),
    "choice": _("choice"),
    "choices": _("choices"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the far side said, and when."""

    there: There
    at: datetime

    @property
    def fields(self) -> Named[str, RemoteField]:
        """The fields there, by name."""
        return {field.name: field for field in self.there.fields}

    @property
    def values(self) -> Named[str, Any]:
        """What stands in the record; nothing where there is none."""
        return self.there.found.values if self.there.found is not None else {}


@dataclass(frozen=True, slots=True)
class Sample:
    """A customer of ours, or an order of theirs: the record as mappings read it, by which names both sides know it."""

    customer: Customer
    record: dict[str, Any]
    row: Row
    known: RemoteRecord | None
    facts: Named[str, Any]
    order: Order | None = None


def customers_offered(connection: Connection, kind: str = "") -> list[Customer]:
    """Return the customers who ordered last; of orders as such those first whose order is in doubt."""
    bought = Order.objects.filter(customer__in=people.kept_at(connection))
    own = bought.filter(source=connection.source)
    orders = _doubted_first(own) if kind == ORDER else bought.order_by("-occurred_at", "-pk")
    newest = orders.values_list("customer_id", flat=True)[: 5 * OFFERED]
    numbers = list(dict.fromkeys(newest))[:OFFERED]
    found = people.kept_at(connection).in_bulk(numbers)
    return [found[number] for number in numbers]


def customer_of(connection: Connection, number: str) -> Customer | None:
    """Return a customer of the connection's own program by our number."""
    if not (number.isascii() and number.isdigit()) or len(number) > 18:
        return None
    found: Customer | None = people.kept_at(connection).filter(pk=number).first()
    return found


def customer_called(connection: Connection, words: str) -> Customer | None:
    """Return the customer whom a person means: by e-mail address, by the store's number, by ours."""
    text = words.strip().removeprefix("customer:")[:254]
    if not text or "\0" in text:
        return None
    rows = (
        people.kept_at(connection)
        .filter(Q(email=normal_email(text) or text) | Q(external_id=text))
        .order_by("-pk")
    )
    found: Customer | None = rows.first() or customer_of(connection, text)
    return found


def sample_of(connection: Connection, kind: str, customer: Customer) -> Sample | None:
    """Return the record of a customer (or of their deal or order) as it would be told; None where there is none."""
    if kind == ORDER:
        return _sample_order(connection, customer)
    now = timezone.now()
    order = _order(connection, kind, customer)
    key = f"order:{order.pk}" if order is not None else merge_key(customer)
    told_to = connection.source
    record = (
        deal_record(customer, order, now, told_to=told_to)
        if kind == "deal"
        else customer_record(customer, now, told_to=told_to)
    )
    known = RemoteRecord.objects.filter(connection=connection, kind=kind, local_key=key).first()
    is_own = is_shop(CONNECTORS[connection.connector])
    remote_id = customer.external_id if is_own else known.remote_id if known is not None else ""
    facts = CustomerFact.objects.filter(connection=connection, customer=customer)
    return Sample(
        customer,
        record,
        Row(key, {}, remote_id, customer.email),
        known,
        dict(facts.values_list("name", "value")),
    )


def _sample_order(connection: Connection, customer: Customer) -> Sample | None:
    """The order of the customer that is in doubt, else the newest one of this shop."""
    order = _doubted_first(orders_of(connection).filter(customer=customer)).first()
    if order is None:
        return None
    key = f"{KEY}{order.pk}"
    known = RemoteRecord.objects.filter(connection=connection, kind=ORDER, local_key=key).first()
    row = Row(key, {}, order.external_id)
    return Sample(customer, order_record(order), row, known, {}, order)


def _doubted_first(orders: QuerySet[Order]) -> QuerySet[Order]:
    doubted = Case(When(in_doubt(), then=Value(1)), default=Value(0))
    return orders.alias(doubted=doubted).order_by("-doubted", "-occurred_at", "-pk")


def _order(connection: Connection, kind: str, customer: Customer) -> Order | None:
    """The order that a deal is of, where each order is one."""
    if kind != "deal" or connection.options.get("deals") != PER_ORDER:
        return None
    found: Order | None = customer.orders.order_by("-occurred_at", "-pk").first()
    return found


# --- what the far side said, for the next minutes --------------------------------------------------------------
def seen_of(connection: Connection, kind: str, sample: Sample | None) -> Seen | None:
    """Return what was asked for a moment ago; nobody is asked."""
    found = cache.get(_place(connection, kind, sample))
    return found if isinstance(found, Seen) else None


def keep_seen(connection: Connection, kind: str, sample: Sample | None, there: There) -> Seen:
    """Keep what the far side said while a person works on the page."""
    seen = Seen(there, timezone.now())
    cache.set(_place(connection, kind, sample), seen, KEPT_SECONDS)
    return seen


def _place(connection: Connection, kind: str, sample: Sample | None) -> str:
    return f"record-there:{connection.pk}:{kind}:{sample.row.key if sample else ''}"


def kind_words(field: RemoteField) -> str:
    """Return what kind of field it is, in a word."""
    return str(KINDS.get(field.kind, field.kind))
