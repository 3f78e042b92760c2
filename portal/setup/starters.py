"""Plans to begin with: each is one rate in words that a person can choose on the first day."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from commissions.starters import percent, plan

CEILING = 50  # per cent of the base, over all levels


class Starter(NamedTuple):
    """A plan as it is offered, and what makes its body from a rate in per cent."""

    label: str | Promise
    body: Callable[[Decimal], dict[str, Any]]


def plan_body(name: str, rate: Decimal) -> dict[str, Any]:
    """Return the body of the chosen starter (a key of STARTERS) with the rate in per cent."""
    return STARTERS[name].body(rate)


def everyone(rate: Decimal) -> dict[str, Any]:
    """The same share of every sale."""
    return plan(percent("everyone", "Everyone", _text(rate)), ceiling=_ceiling(rate))


def with_sponsors(rate: Decimal) -> dict[str, Any]:
    """The same share of every sale, and a fifth of it for whoever recruited the affiliate."""
    levels = [{"level": 2, "rate": _text(rate / 5), "basis": "base"}]
    rule = percent("everyone", "Everyone", _text(rate))
    return plan(rule, ceiling=_ceiling(rate * 6 / 5), levels=levels)


def new_customers(rate: Decimal) -> dict[str, Any]:
    """The whole share for a first order, half of it for later ones."""
    first = percent("everyone", "Everyone", _text(rate))
    later = percent("returning", "Returning customers", _text(rate / 2), {"customer": "returning"})
    return plan(first, later, ceiling=_ceiling(rate))


STARTERS: dict[str, Starter] = {
    "everyone": Starter(_("the same share of every sale"), everyone),
    "new_customers": Starter(_("the share for new customers, half of it for returning ones"), new_customers),
    "with_sponsors": Starter(
        _("the share, and a fifth of it for whoever recruited the affiliate"), with_sponsors
    ),
}


def _ceiling(most: Decimal) -> str:
    return _text(max(Decimal(CEILING), most))


def _text(rate: Decimal) -> str:
    """A rate as a plan writes it: at most four decimals, none that is zero."""
    return f"{rate.quantize(Decimal('0.0001')).normalize():f}"
