"""A world while it is written: ids are given out, people made, events put down one partner at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.fraud.world.events import Account, Click, Coupon, Person, Refund, Sale, World

DAY = 86_400.0
GUESTS = 0.01  # known customers whom an order calls new, for they ordered as guests
FIRST_NAMES = (
    "anna ben clara david elena felix greta hannes ida jonas katja linus maria nils olga paul quirin rosa simon tina"
    " ulrich vera willem xenia yannick zoe amir bianca cem dora emil fatima gustav helga igor jana karl lea milan nora"
)
LAST_NAMES = (
    "ackermann bauer conrad dietrich eberhardt fischer graf hoffmann ivanov jansen keller lehmann maurer neumann ortega"
    " petersen quandt richter schneider thomas ulbrich vogel wagner xander yilmaz zimmermann albrecht brandt cordes"
    " dressler engel franke gerber hartmann jung kowalski lindner moreau novak oswald"
)
FIRST, LAST = FIRST_NAMES.split(), LAST_NAMES.split()
HOSTS = ("gmail.com", "gmx.de", "web.de", "outlook.com", "icloud.com", "posteo.de")
FOREIGN = ("AT", "CH", "FR", "NL", "US")
Floats = NDArray[np.float64]


class Draft:
    """Collects events; everything random comes from `rng`."""

    def __init__(self, seed: int, days: int) -> None:
        """Begin with nobody."""
        self.rng = np.random.Generator(np.random.PCG64(seed))
        self.days = days
        self.accounts: dict[int, Account] = {}
        self.clicks: list[Click] = []
        self.sales: list[Sale] = []
        self.refunds: list[Refund] = []
        self.coupons: dict[int, Coupon] = {}
        self.schemes: dict[int, str] = {}
        self.lookalikes: dict[int, str] = {}
        self.planted: dict[int, str] = {}
        self.pool: list[Person] = []  # honest buyers, who may come back
        self._last = 0

    @property
    def end(self) -> float:
        """When the world is looked at."""
        return self.days * DAY

    def number(self) -> int:
        """A number that nothing else has."""
        self._last += 1
        return self._last

    def person(self, **known: Any) -> Person:
        """Somebody new, with a household of their own."""
        own, rng = self.number(), self.rng
        name = f"{FIRST[rng.integers(len(FIRST))]}.{LAST[rng.integers(len(LAST))]}{own}"
        country = "DE" if rng.random() < 0.85 else FOREIGN[rng.integers(len(FOREIGN))]
        made = Person(
            email=f"{name}@{HOSTS[rng.integers(len(HOSTS))]}",
            phone=f"p{own}" if rng.random() < 0.7 else "",
            address=f"a{own}",
            device=f"d{own}",
            network=f"n{own}",
            country=country,
        )
        return replace(made, **known)

    def account(self, promotion: str, person: Person | None = None, **known: Any) -> Account:
        """A new affiliate, by default a person of its own."""
        own = self.number()
        known = {"payee": f"y{own}", **known}
        made = Account(own, promotion, person or self.person(), **known)
        self.accounts[own] = made
        return made

    def coupon(self, account: Account, is_offline: bool = False) -> Coupon:
        """A code of the account's."""
        made = Coupon(self.number(), account.enrollment, is_offline)
        self.coupons[made.id] = made
        return made

    def click(self, account: Account, at: float, visitor: str, **known: Any) -> Click:
        """One click, by somebody in a browser of their own unless told otherwise."""
        known = {"network": f"n{visitor}", "referrer": account.site, **known}
        made = Click(self.number(), account.enrollment, at, visitor, **known)
        self.clicks.append(made)
        return made

    def sale(self, account: Account, at: float, buyer: Person, scheme: str = "", **known: Any) -> Sale | None:
        """One order; None where the world ends before."""
        if at >= self.end:
            return None
        own = self.number()
        total = int(100 * np.exp(self.rng.normal(np.log(60), 0.6)))
        made = Sale(
            own, account.enrollment, at, **{"total": total, "number": f"o{own}", **known}, buyer=buyer
        )
        self.sales.append(made)
        if scheme:
            self.planted[own] = scheme
        return made

    def refund(self, sale: Sale, after: float, is_chargeback: bool = False) -> None:
        """Money back after so many seconds, unless the world ends before."""
        if sale.at + after < self.end:
            self.refunds.append(Refund(sale.conversion, sale.at + after, is_chargeback))

    def times(self, count: int, hour: float = 15.0, spread: float = 5.0) -> Floats:
        """So many moments, the oldest first: weekends quieter, hours around one, few at night."""
        weights = np.array([0.7 if day % 7 >= 5 else 1.0 for day in range(self.days)])
        days = self.rng.choice(self.days, size=count, p=weights / weights.sum())
        hours = self.rng.normal(hour, spread, count) % 24
        return np.sort(days * DAY + hours * 3600)

    def any_of(self, things: Sequence[Any]) -> Any:
        """One of several."""
        return things[int(self.rng.integers(len(things)))]

    def world(self) -> World:
        """What was written, in order of time."""
        return World(
            days=self.days,
            accounts=self.accounts,
            clicks=tuple(sorted(self.clicks, key=lambda one: (one.at, one.id))),
            sales=tuple(self._told_rightly()),
            refunds=tuple(self.refunds),
            coupons=self.coupons,
            schemes=self.schemes,
            lookalikes=self.lookalikes,
            planted=self.planted,
        )

    def _told_rightly(self) -> Iterator[Sale]:
        """The sales in order of time; whoever bought before is called new only now and then, as a guest."""
        seen: set[str] = set()
        for sale in sorted(self.sales, key=lambda one: (one.at, one.conversion)):
            is_known = sale.buyer.email in seen and sale.conversion not in self.planted
            if sale.claims_new and is_known and self.rng.random() >= GUESTS:
                sale = replace(sale, claims_new=False)
            seen.add(sale.buyer.email)
            yield sale
