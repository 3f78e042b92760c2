"""What affiliates are told before their terms change."""

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Enrollment, Program
from affiliates.states import EnrollmentState
from core.models import Event
from portal.brand_addresses import page_address
from portal.changes import announced, day_of
from portal.letter import Letter, brand_of, to_affiliate


def new_terms(event: Event, row: Enrollment) -> list[Letter]:
    """The newest state only: what was replaced before its letter went out is told by the letter on what replaced it."""
    now = timezone.now()
    news = announced(row, event.data, now) if row.state == EnrollmentState.ACTIVE else None
    if news is None:
        return []
    brand, program = brand_of(row.program), row.program
    values = {"program": program.name, "day": day_of(program, news.change.starts_at)}
    ahead = news.change.starts_at > now
    subject = _("Your terms in %(program)s change") if ahead else _("Your terms in %(program)s have changed")
    first = (
        _("From %(day)s on you earn by new terms in %(program)s. What changes:")
        if ahead
        else _("Since %(day)s you earn by new terms in %(program)s. What has changed:")
    )
    if news.change.is_first:
        subject = _("Your terms in %(program)s")
        first = _("These are your terms in %(program)s from %(day)s on:")
    letter = to_affiliate(
        row.affiliate,
        brand,
        subject % values,
        first % values,
        points=news.change.points,
        after=tuple(_about_terms(program, news.follows, news.replaces)),
        button=(_("See your terms"), f"{page_address(brand, 'affiliate:terms')}?program={program.slug}"),
    )
    return [letter]


def _about_terms(program: Program, follows: bool, replaces: bool) -> Iterator[str]:
    if replaces:
        yield _("This takes the place of the change that was announced before.")
    if follows:
        yield _("A further change is announced already; you find it beside your terms.")
    yield _("What you have earned until then stays as it is.")
    if program.asks_acceptance:
        yield _(
            "Please agree to the new terms when you sign in the next time. Your sales count all the while."
        )
