"""What owners and managers are told of connections in trouble: once when it begins, once when it is over."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from affiliates.models import Member
from affiliates.roles import MAY
from core.models import Event
from integrations.models import Connection, Trouble
from portal.brand_addresses import page_address
from portal.letter import Letter, brand_of


def troubled(event: Event, row: Connection) -> list[Letter]:
    """Something is wrong; nothing is written of what is over by now."""
    if not _is_open(event, row):
        return []
    subject = _("“%(name)s” needs a look")
    first = _("Something is wrong with the connection “%(name)s” of %(program)s:")
    return _letters(event, row, subject, first)


def recovered(event: Event, row: Connection) -> list[Letter]:
    """It is over."""
    subject = _("“%(name)s” works again")
    first = _("What was wrong with the connection “%(name)s” of %(program)s is over:")
    return _letters(event, row, subject, first)


def _is_open(event: Event, row: Connection) -> bool:
    number = event.data.get("number")
    return Trouble.objects.filter(pk=number, connection=row, ended_at=None).exists()


def _letters(event: Event, row: Connection, subject: str, first: str) -> list[Letter]:
    program, brand = row.program, brand_of(row.program)
    values = {"name": row.name, "program": program.name}
    people = Member.objects.filter(
        merchant=program.merchant_id,
        is_active=True,
        user__is_active=True,
        role__in=MAY["manage_integrations"],
    )
    since = program.local(datetime.fromisoformat(event.data["since"]))
    return [
        Letter(
            to=member.user.email,
            brand=brand,
            subject=subject % values,
            paragraphs=(first % values,),
            name=member.user.name,
            facts=((_("Since"), date_format(since, "j F Y, H:i T")),),
            quote=event.data["sentence"],
            button=(
                _("Look at the connection"),
                page_address(brand, "admin:integrations_connection_change", row.pk),
            ),
        )
        for member in people.select_related("user").order_by("pk")
    ]
