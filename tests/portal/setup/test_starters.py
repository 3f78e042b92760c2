"""Every starter is a plan that the engine takes, at every rate the form lets through."""

from decimal import Decimal

import pytest

from commissions.plan import parse_plan
from portal.setup.starters import STARTERS, plan_body


@pytest.mark.parametrize("name", STARTERS)
@pytest.mark.parametrize("rate", ["0", "0.01", "10", "12.5", "33.33", "40"])
def test_every_starter_is_a_plan(name: str, rate: str) -> None:
    plan = parse_plan(plan_body(name, Decimal(rate)), "EUR")

    assert plan.rules[0].reward.rate == Decimal(rate)


def test_starters_divide_the_rate() -> None:
    returning = plan_body("new_customers", Decimal("12.5"))["rules"][1]
    sponsor = plan_body("with_sponsors", Decimal("12.5"))["levels"][0]

    assert (returning["reward"]["rate"], sponsor["rate"]) == ("6.25", "2.5")
