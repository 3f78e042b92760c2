"""What a page, a tracker or a file tells of an order: flat values in, an OrderIn out, or a sentence on what is wrong.

Nothing is guessed: an amount without a currency, a number that may mean two things or a text that no database keeps is
refused. Amounts are decimal texts in major units ("129.90"); a JSON number is read as the digits it was written with.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from core.money import Money, MoneyError, exponent
from tracking.identity import normal_email
from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn

SALE = "sale"
OWN_SOURCE = "clicks"  # orders of this source are made here, from an affiliate's clicks
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # a clock may be wrong, but not by more
LARGEST = 10**13  # minor units: sums, rates and conversions of it still fit a 64-bit column
MOST_LINES = 200
MOST_COUPONS = 20
MOST_UNITS = 1_000_000
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)
_BROKEN = re.compile("[\0\ud800-\udfff]")
_SECONDS = re.compile(r"[0-9]{9,11}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,7}", re.ASCII)


class Untold(ValueError):
    """What was told cannot be taken; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Told:
    """Named values of one message, taken by kind; raises Untold, naming the field."""

    values: Mapping[str, Any]

    def has(self, name: str) -> bool:
        """Say whether anything was told under the name."""
        return self.values.get(name) not in (None, "")

    def text(self, name: str, limit: int) -> str:
        """Return a text (or a whole number as one) of at most `limit` letters; "" when nothing was told."""
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise Untold(_("“%(name)s” is not a text.") % {"name": name})
        if isinstance(value, int) and abs(value) >= 10**40:
            raise Untold(_("“%(name)s” is too long: at most %(limit)s letters.") % _of(name, limit))
        text = str(value).strip()
        if len(text) > limit:
            raise Untold(_("“%(name)s” is too long: at most %(limit)s letters.") % _of(name, limit))
        if not keepable(text):
            raise Untold(_("“%(name)s” has a broken character.") % {"name": name})
        return text

    def word(self, name: str, limit: int) -> str:
        """Return a text of plain letters, digits, points, dashes and underscores."""
        text = self.text(name, limit)
        if text and not _WORD.fullmatch(text):
            raise Untold(
                _("“%(name)s” may have letters, digits, points, dashes and underscores only.")
                % {"name": name}
            )
        return text

    def amount(self, name: str, currency: str) -> int:
        """Return an amount of 0 or more in minor units; nothing told is 0."""
        if not self.has(name):
            return 0
        value = self.values[name]
        try:
            # repr of a JSON number is the shortest text for it, hence the digits that were written
            told = repr(value) if isinstance(value, float) else value
            amount = Money.parse(told.strip() if isinstance(told, str) else told, currency).amount
        except MoneyError as wrong:
            raise Untold(f"{name}: {wrong}") from None
        if amount >= LARGEST:
            raise Untold(_("“%(name)s” is too large.") % {"name": name})
        return amount

    def time(self, name: str, at: datetime) -> datetime | None:
        """Return an instant, told in ISO 8601 with its offset or in seconds since 1970; at most a day after `at`."""
        text = self.text(name, 40)
        if not text:
            return None
        try:
            found = datetime.fromtimestamp(int(text), UTC) if _SECONDS.fullmatch(text) else _iso(text)
        except (ValueError, OverflowError, OSError):
            found = None
        if found is None:
            raise Untold(
                _("“%(name)s” is no time: write it with its offset, like 2026-11-20T14:02:11Z.")
                % {"name": name}
            )
        if not EARLIEST <= found <= at + AHEAD:
            raise Untold(_("“%(name)s” must lie between the year 2000 and now.") % {"name": name})
        return found

    def codes(self, *names: str) -> tuple[str, ...]:
        """Return coupon codes: a list, or a text with commas; each once."""
        found: list[str] = []
        for name in names:
            value = self.values.get(name)
            parts = value if isinstance(value, list) else self.text(name, 400).split(",")
            found += [Told({name: part}).text(name, 80) for part in parts]
        codes = tuple(dict.fromkeys(code for code in found if code))
        if len(codes) > MOST_COUPONS:
            raise Untold(_("There are more than %(most)s coupons.") % {"most": MOST_COUPONS})
        return codes


def order_in(
    told: Told,
    *,
    source: str,
    currency: str,
    at: datetime,
    channel: str = "",
    metadata: dict[str, Any] | None = None,
) -> OrderIn:
    """Return the order that was told, as a sale; raises Untold.

    `currency` is the program's: it stands where no amount is told. An order without a time is of `at`. A lead or an
    install without a number is named by its click: there is one of a goal for a click.
    """
    goal = told.word("goal", 40) or SALE
    currency = _currency(told, currency)
    total, tax, shipping = (told.amount(name, currency) for name in ("total", "tax", "shipping"))
    if goal == SALE and not told.has("total"):
        raise Untold(_("“total” is missing: what the customer paid, like 129.90."))
    lines = _lines(told.values.get("lines"), currency)
    if not lines and total < tax + shipping:
        raise Untold(_("“total” is less than tax and shipping together."))
    occurred_at = told.time("occurred_at", at) or at
    return OrderIn(
        source=_source(source),
        external_id=_number(told, goal),
        goal=goal,
        occurred_at=occurred_at,
        captured_at=occurred_at,
        revision_at=at,
        currency=currency,
        total=total,
        tax=tax,
        shipping=shipping,
        lines=lines,
        customer=_customer(told),
        evidence=Evidence(
            tid=told.text("tid", 400),
            ref=told.text("ref", 80),
            coupons=told.codes("coupons", "coupon"),
        ),
        channel=channel,
        metadata=metadata or {},
    )


def keepable(text: str) -> bool:
    """Say whether every database can keep a text: no NUL, no lone half of a character pair."""
    return not _BROKEN.search(text)


def _of(name: str, limit: int) -> dict[str, object]:
    return {"name": name, "limit": limit}


def _iso(text: str) -> datetime | None:
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else None


def _currency(told: Told, own: str) -> str:
    code = told.text("currency", 3).upper()
    if not code:
        if any(told.has(name) for name in ("total", "tax", "shipping", "lines", "amount")) and not _is_free(
            told
        ):
            raise Untold(_("“currency” is missing: a code of ISO 4217, like EUR."))
        return own
    try:
        exponent(code)
    except MoneyError as wrong:
        raise Untold(str(wrong)) from None
    return code


def _is_free(told: Told) -> bool:
    """Whether no amount but 0 is told: it is the same in any currency."""
    amounts = (told.values.get(name) for name in ("total", "tax", "shipping", "amount"))
    return not told.has("lines") and all(str(value or 0).strip("0.") == "" for value in amounts)


def _source(source: str) -> str:
    if source == OWN_SOURCE:
        raise Untold(_("The source “%(source)s” is reserved.") % {"source": source})
    return source


def _number(told: Told, goal: str) -> str:
    number = told.text("order", 120)
    tid = told.text("tid", 400)
    if not number and goal != SALE and tid:
        number = f"{goal}:{tid}"
    if not number or len(number) > 120:
        raise Untold(_("“order” is missing: the order's number, by which it is counted once."))
    return number


def _customer(told: Told) -> CustomerIn:
    country = told.text("country", 2).upper()
    if country and not re.fullmatch("[A-Z]{2}", country):
        raise Untold(_("“country” is two letters, like DE."))
    email = told.text("email", 254)
    if email and not normal_email(email):
        raise Untold(_("“email” is no e-mail address."))
    return CustomerIn(external_id=told.text("customer", 120), email=email, country=country)


def _lines(told: Any, currency: str) -> tuple[LineIn, ...]:
    if told in (None, ""):
        return ()
    if not isinstance(told, list) or not all(isinstance(row, dict) for row in told):
        raise Untold(_("“lines” is a list of objects with sku, name, quantity and net."))
    if len(told) > MOST_LINES:
        raise Untold(_("There are more than %(most)s lines.") % {"most": MOST_LINES})
    lines = tuple(_line(Told(row), number, currency) for number, row in enumerate(told, start=1))
    if sum(line.net for line in lines) >= LARGEST:
        raise Untold(_("“%(name)s” is too large.") % {"name": "lines"})
    return lines


def _line(told: Told, number: int, currency: str) -> LineIn:
    if not told.has("net"):
        raise Untold(_("Line %(number)s has no “net”.") % {"number": number})
    quantity, category = told.text("quantity", 10) or "1", told.text("category", 120)
    if not _COUNT.fullmatch(quantity) or not 1 <= int(quantity) <= MOST_UNITS:
        raise Untold(_("Line %(number)s has a quantity that is none.") % {"number": number})
    return LineIn(
        external_id=str(number),
        net=told.amount("net", currency),
        quantity=int(quantity),
        sku=told.text("sku", 120),
        name=told.text("name", 300),
        categories=(category,) if category else (),
    )
