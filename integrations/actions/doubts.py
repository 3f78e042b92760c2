"""What is odd about orders of another source: a code that nobody has, and sales that may be counted already."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.utils.translation import gettext as _

from affiliates.models import Enrollment, Program
from integrations.connectors import CONNECTORS
from integrations.connectors.files.choices import TAKE
from integrations.models import Connection
from tracking.identity import normal_email
from tracking.models import Order
from tracking.orders import OrderIn

CHUNK = 400  # names in one question: SQLite takes no endless lists
NEAR = timedelta(days=1)


def strangers(program: Program, orders: Sequence[OrderIn]) -> dict[str, str]:
    """Return number -> sentence for each order that names an affiliate’s code which nobody has."""
    found = {}
    for some in _chunks(orders):
        codes = {order.evidence.ref.lower() for order in some if order.evidence.ref}
        rows = Enrollment.objects.filter(program=program, code__in=codes)
        known = set(rows.values_list("code", flat=True))
        for order in some:
            if order.evidence.ref and order.evidence.ref.lower() not in known:
                words = _("No affiliate has the code “%(code)s”: import the affiliates first, or correct it.")
                found[order.external_id] = words % {"code": order.evidence.ref[:80]}
    return found


def twins(program: Program, source: str, orders: Sequence[OrderIn]) -> dict[str, str]:
    """Return number -> sentence for each order that another source told with the same number and the same buyer.

    Where no buyer is told, the same amount within a day stands for the same buyer.
    """
    found: dict[str, str] = {}
    for some in _chunks(orders):
        numbers = {number for order in some for number in _spellings(order.external_id)}
        rows = Order.objects.filter(program=program, external_id__in=numbers)
        others: dict[str, list[Order]] = {}
        known = set()
        for row in rows.select_related("customer").order_by("pk"):
            if row.source == source:
                known.add(row.external_id)
            else:
                others.setdefault(row.external_id.removeprefix("#"), []).append(row)
        for order in some:
            if order.external_id in known:
                continue
            for row in others.get(order.external_id.removeprefix("#"), []):
                if _is_same_sale(order, row):
                    words = _(
                        "Counted twice? “%(source)s” has told of order %(order)s of the same buyer already."
                    )
                    found.setdefault(
                        order.external_id, words % {"source": row.source, "order": row.external_id}
                    )
    return found


def odd_orders(connection: Connection, orders: Sequence[OrderIn]) -> dict[str, str]:
    """Return number -> sentence for each new order of a source that is read, which is not to be taken as it is."""
    if not getattr(CONNECTORS[connection.connector], "KNOWS_CODES", False):
        return {}
    program, source = connection.program, connection.source
    known: set[str] = set()
    for some in _chunks(orders):
        rows = Order.objects.filter(
            program=program, source=source, external_id__in=[one.external_id for one in some]
        )
        known |= set(rows.values_list("external_id", flat=True))
    new = [order for order in orders if order.external_id not in known]
    doubts = twins(program, source, new) if connection.options.get("twins") != TAKE else {}
    return {**doubts, **strangers(program, new)}


def _spellings(number: str) -> tuple[str, ...]:
    bare = number.removeprefix("#")
    return (bare, f"#{bare}")


def _is_same_sale(order: OrderIn, row: Order) -> bool:
    email = normal_email(order.customer.email)
    theirs = row.customer.email if row.customer is not None else ""
    if email and theirs:
        return email == theirs
    ids = {order.customer.external_id, row.customer.external_id if row.customer is not None else ""}
    if len(ids) == 1 and "" not in ids:
        return True
    is_near = abs(order.occurred_at - row.occurred_at) <= NEAR
    return is_near and (order.total, order.currency) == (row.total, row.currency)


def _chunks(orders: Sequence[OrderIn]) -> Iterator[Sequence[OrderIn]]:
    return (orders[start : start + CHUNK] for start in range(0, len(orders), CHUNK))
