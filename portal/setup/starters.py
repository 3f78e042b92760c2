"""Plans to begin with: each is one rate in words that a person can choose on the first day."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MATURITY_DAYS = 30
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
    return _plan(rate, [_rule("everyone", "Everyone", rate)])


def with_sponsors(rate: Decimal) -> dict[str, Any]:
    """The same share of every sale, and a fifth of it for whoever recruited the affiliate."""
    levels = [{"level": 2, "rate": _text(rate / 5), "basis": "base"}]
    return {**_plan(rate * 6 / 5, [_rule("everyone", "Everyone", rate)]), "levels": levels}


def new_customers(rate: Decimal) -> dict[str, Any]:
    """The whole share for a first order, half of it for later ones."""
    later = _rule("returning", "Returning customers", rate / 2)
    return _plan(rate, [_rule("everyone", "Everyone", rate), {**later, "when": {"customer": "returning"}}])


STARTERS: dict[str, Starter] = {
    "everyone": Starter(_("the same share of every sale"), everyone),
    "new_customers": Starter(_("the share for new customers, half of it for returning ones"), new_customers),
    "with_sponsors": Starter(
        _("the share, and a fifth of it for whoever recruited the affiliate"), with_sponsors
    ),
}


def _plan(most: Decimal, rules: list[dict[str, Any]]) -> dict[str, Any]:
    ceiling = _text(max(Decimal(CEILING), most))
    return {"schema": 1, "maturity_days": MATURITY_DAYS, "max_total_rate": ceiling, "rules": rules}


def _rule(key: str, name: str, rate: Decimal) -> dict[str, Any]:
    return {"id": key, "name": name, "reward": {"type": "percent", "rate": _text(rate)}}


def _text(rate: Decimal) -> str:
    """A rate as a plan writes it: at most four decimals, none that is zero."""
    return f"{rate.quantize(Decimal('0.0001')).normalize():f}"
