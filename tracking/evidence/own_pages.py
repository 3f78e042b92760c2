"""The affiliate's own page that the store says a buyer came from: a direct link that our tag did not see followed."""

from datetime import datetime
from urllib.parse import urlsplit

from affiliates.models import AttributionTerms, DirectLink, DirectLinkState
from affiliates.own_pages import HOST_LETTERS, bare
from core.models import Event
from tracking.attribution import Touch
from tracking.attribution.touches import REFERRER
from tracking.models import Order
from tracking.orders import Evidence

COUNTED = (DirectLinkState.ACTIVE, DirectLinkState.ENDED)


def touch_of_page(order: Order, said: Evidence, terms: AttributionTerms) -> list[Touch]:
    """Return the touch of the direct link, if the page that the order names was one when the buyer left it.

    The longest path that fits wins, as at the tag. A visit is never later than its order: it is the buyer's clock.
    """
    host, path = _read(said.referrer)
    if not host:
        return []
    at = min(said.referred_at or order.occurred_at, order.occurred_at)
    rows = DirectLink.objects.filter(
        program=order.program_id, host__in=(host, f"www.{host}"), state__in=COUNTED, link__is_active=True
    ).select_related("link", "enrollment")
    fitting = [row for row in rows if f"{path}/".startswith(f"{row.path.rstrip('/')}/")]
    for row in sorted(fitting, key=lambda row: (-len(row.path.rstrip("/")), row.pk)):
        if _counted_at(row, at):
            active = row.enrollment.is_active
            page = str(row).rstrip("/")
            return [Touch(row.enrollment_id, at, REFERRER, terms.window, is_active=active, page=page)]
    return []


def _read(referrer: str) -> tuple[str, str]:
    """Host and path of a page; two empty texts for what is none."""
    try:
        parts = urlsplit(referrer)
        host = bare((parts.hostname or "").rstrip("."))
    except ValueError:
        return "", ""
    is_page = parts.scheme in {"http", "https"} and host.isprintable() and len(host) <= HOST_LETTERS
    return (host, parts.path) if is_page else ("", "")


def _counted_at(row: DirectLink, at: datetime) -> bool:
    """Whether the page's visitors counted then: approved by then, and neither it nor its link had ended."""
    if row.link.expires_at is not None and row.link.expires_at <= at:
        return False
    if row.state == DirectLinkState.ACTIVE:
        return row.decided_at is None or bool(row.decided_at <= at)
    if row.decided_at is None or row.decided_at <= at:
        return False
    approved = Event.objects.filter(
        kind="directlink.approved", subject_type=row._meta.label_lower, subject_id=str(row.pk), at__lte=at
    )
    return bool(approved.exists())
