"""The rate that a conversion is counted with: looked up once, then kept for its revisions and refunds."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet

from commissions.exchange import BY_HAND, EURO, FRESH, Published, Rate, choose, cross, entered_by
from commissions.models import Exchange, ExchangeRate
from core import events
from tracking.models import Conversion


def rates_for(merchants: Iterable[int]) -> "QuerySet[ExchangeRate]":
    """Return the rates that hold for merchants: what the world publishes, and what their own people entered."""
    mine = Q(pk__in=())
    for merchant in merchants:
        mine |= Q(source__startswith=entered_by(merchant))
    return ExchangeRate.objects.filter(~Q(source__istartswith=BY_HAND) | mine)


def rate_at(currency: str, into: str, at: datetime, *, merchant: int | None = None) -> Rate | None:
    """Return units of `into` for one of `currency` at a time; None while no rate within 72 h is stored.

    Rates that somebody entered by hand hold for their own merchant (its id) alone.
    """
    if currency == into:
        return Rate(currency, into, Decimal(1), at, "")
    rows = rates_for(() if merchant is None else (merchant,)).filter(
        currency__in={currency, into} - {EURO}, as_of__range=(at - FRESH, at + FRESH)
    )
    return choose(map(_published, rows), currency, into, at)


def _published(row: ExchangeRate) -> Published:
    return Published(row.currency, row.rate, row.as_of, row.source)


def exchange_for(
    conversion: Conversion, currency: str, at: datetime, *, keep: bool = True
) -> Exchange | None:
    """Return the rate from `currency` into the program's that counts for a conversion; None while none is known.

    None, too, where the two are the same. What was found once is kept: revisions and refunds use the original. `at`
    is when the order was made; the caller holds the conversion's lock. With `keep=False` nothing is written. An order
    that a revision moves into another currency takes that one's rate, from the publication of the first
    (docs/decisions/0007).
    """
    if currency == conversion.program.currency:
        return None
    stored: Exchange | None = Exchange.objects.filter(conversion=conversion).first()
    exchange = _exchange(conversion, currency, at, stored)
    if keep and exchange is not None and exchange is not stored:
        with transaction.atomic():
            exchange.save(force_insert=stored is None, force_update=stored is not None)
            _record(exchange, stored)
    return exchange


def _exchange(
    conversion: Conversion, currency: str, at: datetime, stored: Exchange | None
) -> Exchange | None:
    program = conversion.program
    if stored is not None and (stored.currency, stored.into) == (currency, program.currency):
        return stored
    rate = _same_publication(stored, currency, program.currency) if stored is not None else None
    rate = rate or rate_at(currency, program.currency, at, merchant=program.merchant_id)
    if rate is None:
        return None
    return Exchange(
        pk=stored.pk if stored is not None else None,
        conversion=conversion,
        currency=rate.currency,
        into=rate.into,
        rate=rate.rate,
        as_of=rate.as_of,
        source=rate.source,
    )


def _same_publication(stored: Exchange, currency: str, into: str) -> Rate | None:
    """Going there and back again ends at the first rate, whatever was loaded meanwhile."""
    rows = ExchangeRate.objects.filter(as_of=stored.as_of, source=stored.source)
    units = cross(dict(rows.values_list("currency", "rate")), currency, into)
    return None if units is None else Rate(currency, into, units, stored.as_of, stored.source)


def _record(exchange: Exchange, replaced: Exchange | None) -> None:
    program = exchange.conversion.program
    data = {"rate": str(exchange), "source": exchange.source, "replaces": str(replaced) if replaced else None}
    events.record(
        "conversion.exchanged", exchange.conversion, tenant=program.merchant_id, scope=program.pk, data=data
    )
