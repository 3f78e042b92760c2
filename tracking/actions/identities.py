"""Whoever buys is known by their browser from then on: what they click there counts for orders from other devices."""

from django.db import transaction
from django.db.models.functions import Least

from affiliates.models import BrowserOrders
from tracking.actions.beacons import MOST_KEYS
from tracking.evidence.said import evidence_of
from tracking.evidence.visitors import click_of, keys_of_order
from tracking.hearsay import is_claimed
from tracking.models import Identity, Order
from tracking.orders import OrderIn


@transaction.atomic
def note_browser(order: Order, value: OrderIn) -> int:
    """Note that the browser of the order's click belongs to its customer, proven; return how many keys were new.

    It holds from when the order was made, however late it came. A click without a visitor, or whose row is still on its
    way, says nothing of a browser; one in which a crowd has bought says nothing of one of them. What only a browser
    says proves nothing, unless the program takes its word.
    """
    if is_claimed(value.metadata) and order.program.browser_orders != BrowserOrders.ACCEPT:
        return 0
    keys = keys_of_order(order, value)
    _named, click = click_of(order, evidence_of(value)) if keys else (None, None)
    if click is None or click.visitor is None:
        return 0
    of_visitor = Identity.objects.filter(program=order.program_id, visitor=click.visitor)
    known = {row.key: row for row in of_visitor}
    weaker = [known[key] for key in keys if key in known]
    weaker = [row for row in weaker if row.at > order.occurred_at or not row.is_proven]
    if weaker:
        rows = of_visitor.filter(pk__in=sorted(row.pk for row in weaker))
        rows.update(is_proven=True, at=Least("at", order.occurred_at))
    new = [key for key in keys if key not in known]
    if not new or len(known) + len(new) > MOST_KEYS:
        return 0
    Identity.objects.bulk_create(
        [
            Identity(
                program_id=order.program_id,
                visitor=click.visitor,
                key=key,
                at=order.occurred_at,
                is_proven=True,
            )
            for key in new
        ],
        ignore_conflicts=True,
    )
    return len(new)
