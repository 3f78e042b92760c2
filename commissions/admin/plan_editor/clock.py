"""Moments on the program's clock, from forms and in words."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from affiliates.models import Program
from commissions.models import Plan

FARTHEST = timedelta(days=3653)


def read_moment(program: Program, text: str) -> datetime:
    """Read what a field for day and time says, on the program's clock; ValidationError if it is no moment ahead."""
    now = timezone.now()
    try:
        at = datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(program.time_zone))
        is_past, is_far = at < now, at - now > FARTHEST
    except (ValueError, OverflowError) as wrong:
        raise ValidationError(_("Choose a day and a time.")) from wrong
    if is_past:
        raise ValidationError(_("Choose a moment that is still to come."))
    if is_far:
        raise ValidationError(_("Choose a moment within the next ten years."))
    return at


def moment(plan: Plan, at: datetime) -> str:
    """Say a day and a time: "1 January 2027, 00:00"."""
    local = plan.program.local(at)
    return f"{date_format(local, 'j F Y')}, {date_format(local, 'H:i')}"


def begins_in_words(plan: Plan, at: datetime | None) -> str:
    """Say when something begins; None is at once."""
    if at is None:
        return _("at once")
    return _("from %(at)s (%(zone)s)") % {"at": moment(plan, at), "zone": plan.program.time_zone}
