"""What the customer's earlier orders say: whom they belong to, and whether this order is their first."""

from django.db.models import Q

from affiliates.models import BrowserOrders
from tracking.attribution import Binding
from tracking.hearsay import BROWSER, BY, CLAIM
from tracking.models import Conversion, Decision, Order


def is_new_customer(order: Order) -> bool | None:
    """Say whether this is the buyer's first order: by the store's word, else by our records; None if unknown."""
    told: bool | None = order.snapshot["customer"]["is_new"]
    if told is not None or order.customer_id is None:
        return told
    earlier = Conversion.objects.filter(customer=order.customer_id, occurred_at__lt=order.occurred_at)
    if not _takes_browsers_word(order):
        by = f"order__snapshot__metadata__{BY}"
        earlier = earlier.filter(Q(**{f"{by}__isnull": True}) | ~Q(**{by: BROWSER}))
    return not earlier.exclude(order=order).exists()


def binding_of(order: Order) -> Binding | None:
    """Return whom the buyer's latest credited order before this one went to; of several, the principal.

    What somebody is credited with because a browser alone says so binds nobody, unless the program takes its word:
    anybody can forge it and would own a customer.
    """
    if order.customer_id is None:
        return None
    credited = Decision.objects.filter(
        conversion__customer=order.customer_id,
        conversion__occurred_at__lt=order.occurred_at,
        is_current=True,
        enrollment__isnull=False,
    ).exclude(conversion__order=order)
    if not _takes_browsers_word(order):
        credited = credited.exclude(trace__has_key=CLAIM)
    by_time = credited.order_by("conversion__occurred_at", "conversion_id")
    latest = by_time.select_related("conversion", "enrollment").last()
    if latest is None:
        return None
    return Binding(latest.enrollment_id, latest.conversion.occurred_at, latest.enrollment.is_active)


def _takes_browsers_word(order: Order) -> bool:
    return bool(order.program.browser_orders == BrowserOrders.ACCEPT)
