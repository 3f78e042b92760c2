"""Clicks whose rows came after the order that they led to: until then only the click's id spoke for it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from tracking.models import Click, Conversion, Decision

PATIENCE = timedelta(days=2)  # a row that has not come by then is not looked for any more


def met_by_late_clicks(*, at: datetime | None = None) -> list[Conversion]:
    """Return the conversions whose decision had to do without a click's row that is there now, the oldest first."""
    came = Click.objects.filter(pk=OuterRef("awaits"), program=OuterRef("program"))
    since = (at or timezone.now()) - PATIENCE
    waiting = Decision.objects.filter(Exists(came), awaits__isnull=False, made_at__gte=since, is_current=True)
    rows = Conversion.objects.filter(pk__in=waiting.values("conversion"))
    return list(rows.order_by("occurred_at", "pk"))


@transaction.atomic
def await_no_longer(conversion: Conversion) -> bool:
    """Note that the decision in force need not be looked at again; return whether it still waited."""
    waiting = Decision.objects.filter(conversion=conversion, is_current=True, awaits__isnull=False)
    return bool(waiting.update(awaits=None))
