"""The verbs of brands: what a host looks and sounds like is made and changed with an event."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from affiliates.models import Merchant, Program
from affiliates.roles import demand
from affiliates.states import IllegalMove
from core import events
from core.models import User
from portal.models import Brand


@transaction.atomic
def create_brand(
    merchant: Merchant,
    *,
    name: str,
    host: str,
    slug: str,
    programs: Iterable[Program] = (),
    actor: User | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> Brand:
    """Give a host its look (`fields`: further ones of Brand); raise IllegalMove for another company's program."""
    if actor is not None:
        demand(actor, "manage_brand", merchant)
    shown = _own(programs, merchant.pk)
    brand: Brand = Brand.objects.create(merchant=merchant, name=name, host=host.lower(), slug=slug, **fields)
    brand.programs.set(shown)
    data = {"name": ["", brand.name], "host": ["", brand.host]}
    events.record("brand.changed", brand, tenant=merchant.pk, actor=actor, at=at, data=data)
    return brand


@transaction.atomic
def change_brand(
    brand: Brand,
    *,
    actor: User,
    programs: Iterable[Program] | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> Brand:
    """Change a brand and say in the audit trail what changed; raise ValidationError for what cannot be."""
    demand(actor, "manage_brand", brand.merchant_id)
    brand = Brand.objects.select_for_update().get(pk=brand.pk)
    changes = {name: value for name, value in fields.items() if getattr(brand, name) != value}
    data = {name: [str(getattr(brand, name)), str(value)] for name, value in changes.items()}
    for name, value in changes.items():
        setattr(brand, name, value)
    brand.full_clean()
    if changes:
        brand.save(update_fields=list(changes))
    if programs is not None:
        data |= _show(brand, _own(programs, brand.merchant_id))
    if data:
        events.record("brand.changed", brand, tenant=brand.merchant_id, actor=actor, at=at, data=data)
    return brand


def _show(brand: Brand, programs: list[Program]) -> dict[str, list[str]]:
    """Let the brand show exactly these programs; return what changed, as the event tells it."""
    old = sorted(brand.programs.values_list("name", flat=True))
    brand.programs.set(programs)
    new = sorted(program.name for program in programs)
    return {"programs": [", ".join(old), ", ".join(new)]} if new != old else {}


def _own(programs: Iterable[Program], merchant_id: int) -> list[Program]:
    shown = list(programs)
    if any(program.merchant_id != merchant_id for program in shown):
        raise IllegalMove(_("Choose programs of the same company."))
    return shown
