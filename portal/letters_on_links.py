"""What affiliates are told of pages of theirs that they asked to be counted."""

from django.utils.translation import gettext as _

from affiliates.models import DirectLink, DirectLinkState
from core.models import Event
from portal.brand_addresses import page_address
from portal.letter import Letter, brand_of, to_affiliate


def page_approved(event: Event, row: DirectLink) -> list[Letter]:
    """From now on visitors of the page count."""
    if row.state != DirectLinkState.ACTIVE:
        return []
    subject = _("Visitors from %(page)s count for you")
    first = _("From now on visitors who come to the shop from %(page)s count for you, without any parameter.")
    return [_about(row, subject, first)]


def page_refused(event: Event, row: DirectLink) -> list[Letter]:
    """The page was declined, with the reason that a person wrote."""
    if row.state != DirectLinkState.REFUSED or row.reason != event.data.get("reason", ""):
        return []
    subject = _("Your page %(page)s was not accepted")
    first = _("We cannot count visitors from %(page)s without a parameter. Your links work as before.")
    return [_about(row, subject, first, quote=row.reason)]


def _about(row: DirectLink, subject: str, first: str, quote: str = "") -> Letter:
    brand, values = brand_of(row.program), {"page": row}
    facts = ((_("Page"), str(row)), (_("Counts to"), str(row.link)))
    button = (_("See your direct links"), page_address(brand, "affiliate:direct_links"))
    return to_affiliate(
        row.enrollment.affiliate,
        brand,
        subject % values,
        first % values,
        facts=facts,
        quote=quote,
        button=button,
    )
