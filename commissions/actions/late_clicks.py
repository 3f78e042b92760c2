"""An order is looked at again once its click's row has come: until then the browser's other touches are unknown."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from commissions.actions.deadlocks import again_after_deadlock
from commissions.actions.intake import reconsider
from commissions.actions.settling import lock, settle
from tracking import actions as tracking
from tracking.actions.orders import Recorded
from tracking.models import Conversion, Order

log = logging.getLogger(__name__)


def take_late_clicks(*, at: datetime | None = None) -> int:
    """Look again at orders whose click came late, each in its own transaction; return how many were decided anew."""
    changed = 0
    for conversion in tracking.met_by_late_clicks(at=at):
        try:
            changed += look_again(conversion, at=at)
        except Exception:
            # one order that cannot be settled must not keep the others waiting
            log.exception("conversion %s could not be looked at again", conversion.pk)
    return changed


@again_after_deadlock
@transaction.atomic
def look_again(conversion: Conversion, *, at: datetime | None = None) -> bool:
    """Decide anew if the click's row changes who is credited, and see to the buyer's later orders; once per click."""
    order = Order.objects.select_for_update().get(pk=conversion.order_id)
    conversion = lock(conversion)
    if not tracking.await_no_longer(conversion):
        return False
    tracking.note_browser(order, order.as_value())
    verdict = tracking.evidence_changed(conversion)
    if verdict is None:
        return False
    tracking.redecide(conversion, verdict, at=at)
    settle(conversion, at=at or timezone.now())
    reconsider(conversion, Recorded(order, "revised", {"evidence": []}), at)
    return True
