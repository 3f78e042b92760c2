"""When a rule holds: what it asks of the sale, of who is credited, and of a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from commissions.sale import Line, Sale
from commissions.schema import Reader
from commissions.where import OF_LINE, Where, read_where

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?", re.ASCII)
CUSTOMERS = (None, "new", "returning")
KEYS = (
    "goal products skus categories brands customer countries currencies coupons groups sub_ids "
    "order_value payment months dates where"
)


@dataclass(frozen=True, slots=True)
class Range:
    """From `least` on and, unless it is None, up to `most`, both included."""

    least: int = 0
    most: int | None = None

    def __contains__(self, value: int) -> bool:
        return self.least <= value and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True)
class Dates:
    """A stretch of the program's clock: from `start` on and before `end`."""

    start: datetime | None = None
    end: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class When:
    """The conditions of a rule: every one that is given must hold."""

    goal: str = "sale"
    products: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    customer: str | None = None
    countries: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()
    coupons: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    sub_ids: frozenset[str] = frozenset()
    order_value: Range | None = None
    payment: Range | None = None
    months: Range | None = None
    dates: Dates | None = None
    where: Where | None = None

    @property
    def specificity(self) -> tuple[int, int]:
        """SKU outweighs product, product category, category brand, brand all else; then the number of conditions."""
        weights = (self.skus, 8), (self.products, 4), (self.categories, 2), (self.brands, 1)
        others = (self.customer, self.countries, self.currencies, self.coupons, self.groups, self.sub_ids)
        ranges = (self.order_value, self.payment, self.months, self.dates)
        count = sum(bool(one) for one in others) + sum(one is not None for one in ranges)
        tests = len(list(self.where.tests)) if self.where else 0
        return sum(weight for condition, weight in weights if condition), count + tests

    @property
    def asks_group(self) -> bool:
        """Whether it depends on who is credited."""
        return bool(self.groups) or (self.where is not None and "group" in self.where.fields)

    @property
    def asks_payment(self) -> bool:
        """Whether it depends on the payments before."""
        asked = self.where.fields if self.where else frozenset()
        return self.payment is not None or self.months is not None or bool(asked & {"payment", "months"})

    def refuses(self, sale: Sale, group: str) -> str | None:
        """Return why no line of the sale can fulfil it, or None if one may."""
        if self.goal != sale.goal:
            return "other_goal"
        checks = (self._buyer, self._place, self._road, self._size, self._time)
        return next((why for check in checks if (why := check(sale, group))), None)

    def fits(self, sale: Sale, group: str, line: Line) -> bool:
        """Say whether a line of a sale that is not refused fulfils it."""
        if self.skus and line.sku not in self.skus:
            return False
        if self.products and line.product not in self.products:
            return False
        if self.categories and self.categories.isdisjoint(line.categories):
            return False
        if self.brands and line.brand not in self.brands:
            return False
        return self.where is None or self.where.holds(sale, group, line)

    def _buyer(self, sale: Sale, group: str) -> str | None:
        if self.customer is None:
            return None
        if sale.new_customer is None:
            return "customer_unknown"
        return None if (self.customer == "new") == sale.new_customer else "other_customer"

    def _place(self, sale: Sale, group: str) -> str | None:
        if self.countries and sale.country.upper() not in self.countries:
            return "other_country"
        currency = sale.order_currency or sale.currency
        return "other_currency" if self.currencies and currency not in self.currencies else None

    def _road(self, sale: Sale, group: str) -> str | None:
        if self.coupons and self.coupons.isdisjoint(code.upper() for code in sale.coupons):
            return "no_coupon"
        if self.groups and group not in self.groups:
            return "other_group"
        return "other_sub_id" if self.sub_ids and self.sub_ids.isdisjoint(sale.sub_ids) else None

    def _size(self, sale: Sale, group: str) -> str | None:
        value = self.order_value
        if value is None or (value.least <= sale.value and (value.most is None or sale.value < value.most)):
            return None
        return "order_value"

    def _time(self, sale: Sale, group: str) -> str | None:
        if self.payment is not None or self.months is not None:
            if sale.payment is None:
                return "no_subscription"
            if self.payment is not None and sale.payment not in self.payment:
                return "payment"
            if self.months is not None and (sale.months or 0) not in self.months:
                return "months"
        if self.dates is not None and (sale.at is None or sale.at not in self.dates):
            return "dates"
        if self.where is not None and self.where.fields.isdisjoint(OF_LINE):
            return None if self.where.holds(sale, group, None) else "where"
        return None


def read_when(read: Reader, value: object, path: str, currency: str) -> When:
    """Take a rule's conditions out of JSON; complaints go to the reader."""
    row = read.mapping(value, path, KEYS)

    def texts(key: str, *, upper: bool = False) -> frozenset[str]:
        found = read.texts(row.get(key, []), f"{path}.{key}")
        return frozenset(text.upper() if upper else text for text in found)

    return When(
        goal=read.text(row.get("goal", "sale"), f"{path}.goal", 64),
        products=texts("products"),
        skus=texts("skus"),
        categories=texts("categories"),
        brands=texts("brands"),
        customer=read.choice(row.get("customer"), f"{path}.customer", CUSTOMERS),
        countries=texts("countries", upper=True),
        currencies=texts("currencies", upper=True),
        coupons=texts("coupons", upper=True),
        groups=texts("groups"),
        sub_ids=texts("sub_ids"),
        order_value=_amounts(read, row.get("order_value"), f"{path}.order_value", currency),
        payment=_wholes(read, row.get("payment"), f"{path}.payment", 1),
        months=_wholes(read, row.get("months"), f"{path}.months", 0),
        dates=_dates(read, row.get("dates"), f"{path}.dates"),
        where=read_where(read, row.get("where"), f"{path}.where"),
    )


def _amounts(read: Reader, value: object, path: str, currency: str) -> Range | None:
    if value is None:
        return None
    row = read.mapping(value, path, "from to")
    least = read.amount(row.get("from", "0"), f"{path}.from", currency)
    most = None if row.get("to") is None else read.amount(row["to"], f"{path}.to", currency)
    if most is not None and most <= least:
        read.wrong(f"{path}.to", "must be above from")
    return Range(least, most)


def _wholes(read: Reader, value: object, path: str, least: int) -> Range | None:
    if value is None:
        return None
    row = read.mapping(value, path, "from to")
    first = read.whole(row.get("from", least), f"{path}.from", least, 10_000)
    last = None if row.get("to") is None else read.whole(row["to"], f"{path}.to", first, 10_000)
    return Range(first, last)


def _dates(read: Reader, value: object, path: str) -> Dates | None:
    if value is None:
        return None
    row = read.mapping(value, path, "from to")
    start = _moment(read, row.get("from"), f"{path}.from", timedelta(0))
    end = _moment(read, row.get("to"), f"{path}.to", timedelta(days=1))
    if start and end and end <= start:
        read.wrong(f"{path}.to", "must be after from")
    return Dates(start, end)


def _moment(read: Reader, value: object, path: str, whole_day: timedelta) -> datetime | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise ValueError
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=None) + (whole_day if len(value) == 10 else timedelta(0))
    except (ValueError, OverflowError):
        read.wrong(path, 'must be a date like "2026-11-27", or a moment like "2026-11-27T18:00"')
        return None
