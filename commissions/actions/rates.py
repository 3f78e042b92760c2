"""Exchange rates come in: from the bank's file, by the clock, by hand; then what waited for them goes on."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Merchant
from affiliates.roles import demand
from commissions.actions.exchange import exchange_for
from commissions.actions.intake import revalue
from commissions.exchange import EURO, entered_by, is_by_hand, wrong_rate
from commissions.models import Exchange, ExchangeRate
from commissions.rate_files import MAX_BYTES, RateFileError, last_publication, published_at, read
from core import events, http
from core.jobs import Temporary
from core.models import User
from core.money import exponent
from tracking.models import Conversion
from tracking.states import ConversionState

log = logging.getLogger(__name__)

BANK = "ECB"
AHEAD = timedelta(hours=24)  # the rates of a day may be read a little before they are due
WANTED = timedelta(days=90)
CHUNK = 1000
Key = tuple[str, datetime]  # currency, as of


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file: rates added, rates known before, and sentences on those that say otherwise now."""

    added: int
    known: int
    kept: tuple[str, ...]


@transaction.atomic
def load_rates(content: bytes, *, source: str = BANK, at: datetime | None = None) -> Loaded:
    """Store every rate of a file that is not known yet; all of them or, with RateFileError, none.

    What a source published stays: a rate that differs from the stored one of its time is told, not taken.
    """
    now = at or timezone.now()
    if not source.strip() or len(source) > 40 or is_by_hand(source):
        raise RateFileError(_("Name the source in 1 to 40 letters that do not begin with “manual”."))
    quotes = {(quote.currency, published_at(quote.day)): quote.rate for quote in read(content)}
    times = [as_of for _currency, as_of in quotes]
    if max(times) > now + AHEAD:
        raise RateFileError(_("The file speaks of %(day)s, which has not come.") % {"day": max(times).date()})
    rows = ExchangeRate.objects.filter(source=source, as_of__range=(min(times), max(times)))
    known = {(row.currency, row.as_of): row.rate for row in rows.iterator()}
    added = sorted(quotes.keys() - known.keys(), key=lambda key: key[1])
    for start in range(0, len(added), CHUNK):
        some = [
            ExchangeRate(currency=key[0], as_of=key[1], rate=quotes[key], source=source, loaded_at=now)
            for key in added[start : start + CHUNK]
        ]
        # two loaders at one moment bring the same file: whoever is second adds nothing
        ExchangeRate.objects.bulk_create(some, ignore_conflicts=True)
    if added:
        _tell_loaded(source, added, at)
    kept = tuple(
        _stays(key, known[key], rate) for key, rate in quotes.items() if known.get(key, rate) != rate
    )
    return Loaded(len(added), len(quotes) - len(added), kept)


def _tell_loaded(source: str, added: list[Key], at: datetime | None) -> None:
    currency, newest = added[-1]
    row = ExchangeRate.objects.get(currency=currency, as_of=newest, source=source)
    data = {"source": source, "rates": len(added), "newest": newest.isoformat()}
    events.record("rates.loaded", row, tenant=None, at=at, data=data)


def _stays(key: Key, stored: Decimal, told: Decimal) -> str:
    said = {
        "currency": key[0],
        "day": key[1].date(),
        "stored": f"{stored.normalize():f}",
        "told": f"{told:f}",
    }
    return _("%(currency)s of %(day)s stays %(stored)s, the file says %(told)s.") % said


def fetch_rates(url: str) -> bytes:
    """Return a file of rates from an address; raise UnsafeURL, Unreachable, TooLarge or Temporary."""
    answer = http.request("GET", url, deadline=60.0, max_bytes=MAX_BYTES)
    if answer.status != 200:
        leads = answer.headers.get("Location", "")
        said = {"url": url, "status": answer.status, "leads": f" ({leads[:200]})" if leads else ""}
        raise Temporary(_("%(url)s answered %(status)s%(leads)s instead of exchange rates.") % said)
    return answer.body


def refresh_rates(*, at: datetime | None = None) -> None:
    """Fetch the newest rates if somebody needs them and newer ones are due; then value again what waited."""
    now = at or timezone.now()
    url = settings.EXCHANGE_RATES_URL
    try:
        if url and rates_are_wanted(now) and not _is_newest(now):
            load_rates(fetch_rates(url), at=now)
    finally:
        release_parked(at=at)


def rates_are_wanted(at: datetime) -> bool:
    """Say whether some program met a foreign currency: an order waits for a rate, or one was counted of late."""
    if Exchange.objects.filter(conversion__created_at__gte=at - WANTED).exists():
        return True
    foreign = Conversion.objects.parked().exclude(order__currency=F("program__currency"))
    return bool(foreign.exists())


def _is_newest(now: datetime) -> bool:
    return ExchangeRate.objects.filter(source=BANK, as_of__gte=last_publication(now)).exists()


@transaction.atomic
def enter_rates(
    merchant: Merchant,
    rates: Mapping[str, Decimal],
    *,
    actor: User,
    as_of: datetime | None = None,
    at: datetime | None = None,
) -> list[ExchangeRate]:
    """Store what a person says one euro buys; it holds for the programs of this merchant alone.

    ValueError for a rate, currency or time that cannot be; two currencies of one program need one entry.
    """
    demand(actor, "manage_plans", merchant)
    now = at or timezone.now()
    moment = as_of or now
    if moment > now:
        raise ValueError(_("A rate cannot begin in the future."))
    if not rates:
        raise ValueError(_("Enter at least one rate."))
    for currency, rate in rates.items():
        exponent(currency)
        if wrong := _("The euro is 1 by itself.") if currency == EURO else wrong_rate(rate):
            raise ValueError(wrong)
    source = entered_by(merchant.pk, actor)
    try:
        with transaction.atomic():
            rows = [
                ExchangeRate.objects.create(
                    currency=currency, rate=rate, as_of=moment, source=source, loaded_at=now
                )
                for currency, rate in sorted(rates.items())
            ]
    except IntegrityError as error:
        raise ValueError(_("A rate of this time was entered already; choose a later time.")) from error
    data = {"rates": [str(row) for row in rows], "as_of": moment.isoformat()}
    events.record("rates.entered", rows[0], tenant=merchant.pk, actor=actor, at=at, data=data)
    return rows


def release_parked(*, at: datetime | None = None) -> int:
    """Value again, each in its own transaction, parked orders whose rate is known now; return how many it released."""
    parked = Conversion.objects.parked().exclude(order__currency=F("program__currency"))
    released = 0
    parked = parked.select_related("program", "order").defer("order__snapshot")
    for conversion in parked.order_by("occurred_at", "pk"):
        try:
            if exchange_for(conversion, conversion.order.currency, conversion.occurred_at, keep=False):
                released += revalue(conversion, at=at).state == ConversionState.COUNTED
        except Exception:
            # one order that cannot be valued must not keep the others waiting
            log.exception("conversion %s could not be valued", conversion.pk)
    return released
