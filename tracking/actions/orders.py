"""An order is taken in once; later revisions replace what it says, whatever the order of their arrival."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates.models import BrowserOrders, IpPolicy, Program
from core import events
from core.models import User
from tracking.actions.identities import note_browser
from tracking.actions.refunds import adopt_refunds, list_refunds
from tracking.buyers import NETWORK_MARK
from tracking.hearsay import claimed, is_hearsay, outranks, with_click
from tracking.identity import normal_email
from tracking.models import Customer, Order
from tracking.orders import CustomerIn, OrderIn, differences

Mode = Literal["create", "update", "store"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an order: created, same, revised, older (ignored) or conflict (nothing changed)."""

    order: Order
    status: str
    differences: dict[str, list[Any]] = field(default_factory=dict)


@transaction.atomic
def record_order(
    program: Program,
    value: OrderIn,
    *,
    mode: Mode = "store",
    actor: User | None = None,
    at: datetime | None = None,
) -> Recorded:
    """Store an order or a newer revision of it; `mode` create refuses other content, update and store revise."""
    value = _as_kept(program, value)
    order, made = _find_or_create(program, value, at or timezone.now())
    if made:
        adopt_refunds(order)
        note_browser(order, value)
        _list(order, value, at)
        _record("order.recorded", order, actor, at)
        return Recorded(order, "created")
    known = order.as_value()
    if (claim := claimed(known, value)) is not None:
        return _replace(order, claim, actor, at)
    value = _fill(known, value)
    if order.content_hash == value.content_hash():
        _remember_time(order, value)
        return Recorded(order, "same")
    changes = differences(order.snapshot, value.as_json())
    if mode == "create" and not outranks(value, order.snapshot):
        return Recorded(order, "conflict", changes)
    if value.revision_key() <= order.revision_key:
        return Recorded(order, "older", changes)
    return _replace(order, value, actor, at)


def _as_kept(program: Program, value: OrderIn) -> OrderIn:
    """A program that keeps no addresses keeps no digest of a buyer's network either."""
    if program.ip_policy != IpPolicy.NONE or NETWORK_MARK not in value.metadata:
        return value
    metadata = {name: said for name, said in value.metadata.items() if name != NETWORK_MARK}
    return replace(value, metadata=metadata)


def _replace(order: Order, value: OrderIn, actor: User | None, at: datetime | None) -> Recorded:
    changes = differences(order.snapshot, value.as_json())
    _revise(order, value)
    note_browser(order, value)
    _list(order, value, at)
    _record("order.revised", order, actor, at, {"revision": order.revision, "changes": changes})
    return Recorded(order, "revised", changes)


def _find_or_create(program: Program, value: OrderIn, at: datetime) -> tuple[Order, bool]:
    """Return the order, locked; two doors that bring it at the same moment make one row."""
    key = {"program": program, "source": value.source, "external_id": value.external_id}
    found = Order.objects.select_for_update().filter(**key).first()
    if found is not None:
        return found, False
    customer = _buyer(program, value)
    try:
        with transaction.atomic():
            return Order.objects.create(**key, **_columns(value), customer=customer, created_at=at), True
    except IntegrityError:
        return Order.objects.select_for_update().get(**key), False


def _columns(value: OrderIn) -> dict[str, Any]:
    return {
        "state": value.state,
        "currency": value.currency,
        "total": value.total,
        "occurred_at": value.occurred_at,
        "captured_at": value.captured_at,
        "subscription": value.subscription[:120],
        "revision_key": value.revision_key(),
        "content_hash": value.content_hash(),
        "snapshot": value.as_json(),
    }


def _fill(known: OrderIn, value: OrderIn) -> OrderIn:
    """A door that knows nothing of refunds says nothing about them, nor does one that knows no click of it."""
    value = with_click(value, known)
    if value.refunds is None and known.refunds is not None:
        return replace(value, refunds=known.refunds)
    return value


def _remember_time(order: Order, value: OrderIn) -> None:
    """The same content told at a later time moves the order's clock, so that an older one stays older."""
    if value.revision_key() > order.revision_key:
        order.revision_key = value.revision_key()
        order.save(update_fields=["revision_key"])


def _revise(order: Order, value: OrderIn) -> None:
    columns, is_unknown = _columns(value), order.customer_id is None or outranks(value, order.snapshot)
    for name, new in columns.items():
        setattr(order, name, new)
    order.revision += 1
    if is_unknown:
        order.customer = _buyer(order.program, value)
    order.save(update_fields=[*columns, "revision", "customer"])


def _list(order: Order, value: OrderIn, at: datetime | None) -> None:
    if value.refunds is not None:
        list_refunds(order, value.refunds, at=at)


def _buyer(program: Program, value: OrderIn) -> Customer | None:
    """Who buys; a browser writes nobody into the register of customers, unless the program takes its word."""
    if is_hearsay(value.metadata) and program.browser_orders != BrowserOrders.ACCEPT:
        return None
    return find_customer(program, value.source, value.customer)


def find_customer(program: Program, source: str, known: CustomerIn) -> Customer | None:
    """Return the buyer by our own id, by the store's, else by address; a new one is made, an anonymous one is None."""
    if known.ours is not None:
        ours: Customer | None = Customer.objects.filter(program=program, pk=known.ours).first()
        if ours is not None:
            return ours
    email = normal_email(known.email)
    if not known.external_id and not email:
        return None
    by_id = Customer.objects.filter(program=program, source=source, external_id=known.external_id)
    found: Customer | None = by_id.first() if known.external_id else None
    if found is None and email:
        found = Customer.objects.filter(program=program, email=email).first()
    if found is not None:
        return _complete(found, source, known)
    try:
        with transaction.atomic():
            made: Customer = Customer.objects.create(
                program=program,
                source=source,
                external_id=known.external_id,
                email=email,
                phone=known.phone[:40],
                country=known.country[:2],
            )
            return made
    except IntegrityError:
        return find_customer(program, source, known)


def _complete(customer: Customer, source: str, known: CustomerIn) -> Customer:
    """A guest who was known by address only gets the store's id."""
    if known.external_id and not customer.external_id:
        taken = Customer.objects.filter(
            program=customer.program_id, source=source, external_id=known.external_id
        ).exists()
        if not taken:
            _name(customer, source, known.external_id)
    return customer


def _name(customer: Customer, source: str, external_id: str) -> None:
    """Write the store's id, unless another order gives it to somebody else at this very moment."""
    former = customer.source
    customer.source, customer.external_id = source, external_id
    try:
        with transaction.atomic():
            customer.save(update_fields=["source", "external_id"])
    except IntegrityError:
        customer.source, customer.external_id = former, ""


def _record(
    kind: str, order: Order, actor: User | None, at: datetime | None, data: dict[str, Any] | None = None
) -> None:
    program = order.program
    events.record(kind, order, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)
