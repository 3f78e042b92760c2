"""What of a connection's figures is trouble. Values in, values out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _, ngettext

from integrations.flows import is_batch, last_slot
from integrations.models import Connection
from integrations.states import TroubleKind
from integrations.watch.figures import Figures


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is trouble."""

    lag: timedelta
    backlog: int
    dead: int
    failing: timedelta


def limits() -> Limits:
    """Return the limits of this installation."""
    return Limits(
        timedelta(minutes=settings.ALERT_LAG_MINUTES),
        settings.ALERT_BACKLOG,
        settings.ALERT_DEAD,
        timedelta(minutes=settings.ALERT_FAILING_MINUTES),
    )


def late_since(connection: Connection, found: Figures, now: datetime) -> datetime | None:
    """Return since when the oldest message that waits should be out; None if none is late."""
    if found.oldest is None:
        return None
    if not is_batch(connection.options):
        return found.oldest
    slot = last_slot(connection, now)
    return slot if found.oldest < slot else None


def troubles_of(
    connection: Connection, found: Figures, missed: datetime | None, now: datetime, limit: Limits
) -> dict[str, str]:
    """Return a sentence for each kind of trouble that there is. `missed` as in `missed_by_webhooks`."""
    told = {
        TroubleKind.LAG: _lag(connection, found, now, limit),
        TroubleKind.BACKLOG: _backlog(found, limit),
        TroubleKind.DEAD: _dead(found, limit),
        TroubleKind.FAILING: _failing(found, now, limit),
        TroubleKind.BUDGET: _budget(found),
        TroubleKind.QUOTA: _quota(found),
        TroubleKind.WEBHOOK: _webhook(connection, missed),
    }
    return {str(kind): sentence for kind, sentence in told.items() if sentence}


def _lag(connection: Connection, found: Figures, now: datetime, limit: Limits) -> str:
    since = late_since(connection, found, now)
    if since is None or now - since <= limit.lag or found.budget.is_spent:
        return ""
    return _("The oldest message has waited for %(time)s.") % {"time": _time(now - since)}


def _backlog(found: Figures, limit: Limits) -> str:
    words = _("%(count)s messages wait to be sent.") % {"count": found.waiting}
    return words if found.waiting >= limit.backlog else ""


def _dead(found: Figures, limit: Limits) -> str:
    if found.dead < limit.dead:
        return ""
    words = ngettext(
        "%(count)s message was given up: try it again, or skip it.",
        "%(count)s messages were given up: try them again, or skip them.",
        found.dead,
    )
    return words % {"count": found.dead}


def _failing(found: Figures, now: datetime, limit: Limits) -> str:
    if found.failing_since is None or now - found.failing_since < limit.failing or found.is_idle(now):
        return ""
    return _("Nothing has worked for %(time)s.") % {"time": _time(now - found.failing_since)}


def _time(past: timedelta) -> str:
    """How long something has lasted, in the largest unit of which there are a few."""
    minutes = int(past.total_seconds() // 60)
    if minutes < 180:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 72:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


def _budget(found: Figures) -> str:
    words = {"used": found.budget.used, "limit": found.budget.limit}
    if found.budget.is_spent:
        return (
            _("All %(limit)s calls of the day are spent: messages wait until midnight, UTC. Nothing is lost.")
            % words
        )
    return _("%(used)s of the day’s %(limit)s calls are spent.") % words if found.budget.is_near else ""


def _quota(found: Figures) -> str:
    low = next((each for each in found.quotas if each.is_low), None)
    if low is None:
        return ""
    return _("Of its own limit “%(name)s” only %(left)s of %(most)s are left.") % {
        "name": low.name,
        "left": low.left,
        "most": low.most,
    }


def _webhook(connection: Connection, missed: datetime | None) -> str:
    """Orders came to light of which no message told, and no message has come since."""
    heard = connection.last_received_at
    if missed is None or (heard is not None and heard >= missed):
        return ""
    return _("Orders were found in the store of which no message told: make or repair the webhooks.")
