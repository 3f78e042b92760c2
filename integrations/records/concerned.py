"""Which customer, and which order of theirs, an event changes the record of."""

from dataclasses import dataclass

from core.models import Event
from integrations.news.bodies import object_key
from integrations.news.kinds import PUBLIC
from tracking.models import Order


@dataclass(frozen=True, slots=True)
class Concerned:
    """The ids of a customer and, where the event is about one, of an order: of one of them at least."""

    customer: int | None
    order: int | None = None


def concerned_by(event: Event) -> Concerned | None:
    """Return whom an event is about; None for one that says nothing of a customer or an order."""
    if event.kind not in PUBLIC:
        return None
    noun, _colon, number = object_key(event).partition(":")
    if noun == "customer":
        return Concerned(int(number))
    if noun != "order":
        return None
    order = Order.objects.filter(pk=number).only("customer_id").first()
    return Concerned(order.customer_id, order.pk) if order is not None else None
