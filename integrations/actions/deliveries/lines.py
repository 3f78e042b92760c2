"""Lines: what is due to a connection, in which order, and what of it goes in one call."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, Substr

from integrations.actions.records.planning import DEAL, RECORD, is_record
from integrations.models import Attempt, Delivery
from integrations.states import ConnectionState, DeliveryState
from tracking.models import Order

Waiting = tuple[int, str, str]  # a message's id, object and kind
BEGUN = "…"  # of a try whose end nobody has written: its worker died
OF_ORDER = DEAL + "order:"  # before the number of the order that a deal is


def due_of(connection: int, now: datetime) -> QuerySet[Any, Any]:
    """Return id, object and kind of what is due, oldest first: nothing whose object has an older one that must wait.

    A deal waits for its person, too: it can be joined only to one who is there.
    """
    older = Delivery.objects.filter(
        connection=OuterRef("connection"),
        object_key=OuterRef("object_key"),
        id__lt=OuterRef("id"),
        state=DeliveryState.DUE,
        next_at__gt=now,
    )
    person = Delivery.objects.filter(
        connection=OuterRef("connection"),
        object_key=OuterRef("person"),
        kind=RECORD + "contact",
        state=DeliveryState.DUE,
    )
    rows: QuerySet[Any, Any] = Delivery.objects.due(now).alias(person=_person())
    due = rows.filter(
        ~Exists(older),
        ~(Q(kind=RECORD + "deal") & Exists(person)),
        connection=connection,
        connection__state=ConnectionState.ACTIVE,
    )
    return due.order_by("id").values_list("id", "object_key", "kind")


def _person() -> Case:
    """Name the object that is the person of a deal."""
    number = Cast(Substr(OuterRef("object_key"), len(OF_ORDER) + 1), BigIntegerField())
    buyer = Subquery(Order.objects.filter(pk=number).values("customer_id")[:1])
    return Case(
        When(
            object_key__regex=rf"^{OF_ORDER}[0-9]{{1,18}}$",
            then=Concat(Value("customer:"), Cast(buyer, CharField())),
        ),
        When(object_key__startswith=DEAL, then=Substr(F("object_key"), len(DEAL) + 1)),
        default=Value(""),
        output_field=CharField(),
    )


def died_on(line: Iterable[Waiting]) -> set[int]:
    """Return the messages whose last try nobody has ended: whichever of them killed the worker takes no other along."""
    last = Attempt.objects.filter(delivery=OuterRef("pk")).order_by("-number").values("outcome")[:1]
    rows = Delivery.objects.filter(pk__in=[number for number, _about, _kind in line])
    return set(rows.alias(last=Subquery(last)).filter(last=BEGUN).values_list("pk", flat=True))


def take_together(line: deque[Waiting], held_up: set[str], size: int, alone: set[int]) -> list[Waiting]:
    """Take from the line what goes in one call: a message alone, or records of one kind, each object once.

    Others of the line are passed by, but never an older message of the same object.
    """
    together: list[Waiting] = []
    passed: list[Waiting] = []
    objects: set[str] = set()
    most = 1
    while line and len(together) < most:
        number, about, kind = one = line.popleft()
        if about in held_up:
            continue
        is_apart = number in alone or not is_record(kind)
        if not together:
            most = 1 if is_apart else size
            together.append(one)
        elif is_apart or kind != together[0][2] or about in objects:
            passed.append(one)
        else:
            together.append(one)
        objects.add(about)
    line.extendleft(reversed(passed))
    return together
